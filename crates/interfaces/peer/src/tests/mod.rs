//! Tests of the home, the keys and the kernel's thread.

mod engine;
mod home;
mod place;
mod protect;
