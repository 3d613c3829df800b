// emulate's service `clerk`: users, the one of its services that pages with a limit.
import { createEmulator } from "emulate";

await createEmulator({ service: "clerk", port: Number(process.argv[2]) });
