//! A loaded program, ready for fresh instances.

use compute::jobs::Abi;
use machine_code::{SealKey, Sealed};
use wasmtime::component::{self, Component};
use wasmtime::{Engine, InstancePre, Linker, Module};

use super::host::Host;
use super::wasi;

/// A program and how its input is given.
pub(super) enum Program {
    /// Runs a unit in one call.
    Core(InstancePre<Host>),
    /// Runs a unit in steps.
    Steps(InstancePre<Host>),
    /// From standard input to standard output.
    Command(InstancePre<Host>),
    /// A component.
    Component(component::InstancePre<Host>),
}

impl Program {
    /// Loads code that our own compiler made; the text says why not.
    pub(super) fn load(
        engine: &Engine,
        abi: Abi,
        sealed: &Sealed<'_>,
        key: &SealKey,
    ) -> Result<Self, String> {
        let say = |error: wasmtime::Error| format!("{error:#}");
        match abi {
            Abi::Component => {
                let component: Component =
                    sealed.component(engine, key).map_err(|error| error.to_string())?;
                component::Linker::new(engine).instantiate_pre(&component).map(Self::Component).map_err(say)
            }
            Abi::Core => {
                let module: Module = sealed.module(engine, key).map_err(|error| error.to_string())?;
                let has_steps = module.get_export("althing_step").is_some();
                let ready = Linker::new(engine).instantiate_pre(&module).map_err(say)?;
                Ok(if has_steps { Self::Steps(ready) } else { Self::Core(ready) })
            }
            Abi::Command => {
                let module: Module = sealed.module(engine, key).map_err(|error| error.to_string())?;
                let linker = wasi::linker(engine, &module).map_err(say)?;
                linker.instantiate_pre(&module).map(Self::Command).map_err(say)
            }
        }
    }

    /// Returns the engine that it runs in.
    pub(super) fn engine(&self) -> &Engine {
        match self {
            Self::Core(ready) | Self::Steps(ready) | Self::Command(ready) => ready.module().engine(),
            Self::Component(ready) => ready.engine(),
        }
    }
}
