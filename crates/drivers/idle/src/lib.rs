//! Says whether anybody uses this computer.
