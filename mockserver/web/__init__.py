"""The wire: the only room that speaks Starlette, sleeps and sends."""
