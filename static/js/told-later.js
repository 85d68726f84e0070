// Tells what was done on the page before this one, with its «Deshacer».

import { toldLater } from "./lib/later.js";
import { done } from "./lib/undo.js";

const said = toldLater();
if (said) done(said.text, said.operation, () => setTimeout(() => location.reload(), 1200));
