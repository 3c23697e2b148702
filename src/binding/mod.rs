//! The only place with N-API and libuv. No algorithm lives here: it turns JS calls into calls of
//! the core and loop events into calls of JS.
//!
//! `send` and `take` (see [`message`]) run for each message; everything else is the `#[napi]` class
//! in [`ports`], which JS calls when a port is made, moved, started or closed.

mod env;
mod layout;
mod message;
mod pin;
mod ports;
mod uv;
