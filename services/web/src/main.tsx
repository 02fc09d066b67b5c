import { render } from "preact";
import { App } from "./app";
import "./style/index.css";

const root = document.getElementById("console");
if (root) render(<App />, root);
