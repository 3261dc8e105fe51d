//! Runs units of programs in WASM, limited and alone.
