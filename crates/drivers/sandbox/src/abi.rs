//! How a compiled program takes its input, by what it exports and imports; or why it cannot run here
//! (spec compute-programs, rules 1 to 4).

use compute::jobs::{Abi, Failure};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Type};
use wasmtime::{Engine, ExternType, FuncType, Module, ValType};

use crate::frames::Failed;
use crate::runner::wasi;

/// Says whether bytes claim to be a component; `None` when they are no WASM at all.
pub(crate) fn is_component(bytes: &[u8]) -> Option<bool> {
    match bytes.first_chunk::<8>()? {
        b"\0asm\x01\0\0\0" => Some(false),
        b"\0asm\x0d\0\x01\0" => Some(true),
        _ => None,
    }
}

/// Finds out how a core module takes its input, and whether it stops between steps.
pub(crate) fn of_module(module: &Module) -> Result<(Abi, bool), Failed> {
    let has_imports = module.imports().next().is_some();
    let is_command = module.get_export("_start").is_some();
    if has_imports || (is_command && module.get_export("althing_alloc").is_none()) {
        return of_command(module).map(|()| (Abi::Command, false));
    }
    need_memory(module)?;
    need(module, "althing_alloc", &[ValType::I32], &[ValType::I32])?;
    let has_log = module.get_export("althing_log").is_some();
    if has_log {
        need(module, "althing_log", &[], &[ValType::I64])?;
    }
    let has_steps = module.get_export("althing_step").is_some();
    if has_steps {
        need(module, "althing_begin", &[ValType::I32, ValType::I32], &[])?;
        need(module, "althing_step", &[], &[ValType::I64])?;
    } else {
        need(module, "althing_run", &[ValType::I32, ValType::I32], &[ValType::I64])?;
    }
    Ok((Abi::Core, has_steps))
}

/// Checks that a component exports `run` and imports nothing.
pub(crate) fn of_component(engine: &Engine, component: &Component) -> Result<(Abi, bool), Failed> {
    let component = component.component_type();
    if let Some((name, _)) = component.imports(engine).next() {
        return Err(bad(format!("it imports {name}, and a component may import nothing here")));
    }
    let run = component.get_export(engine, "run").map(|export| export.ty);
    let Some(ComponentItem::ComponentFunc(run)) = run else {
        return Err(bad("it does not export the function run"));
    };
    let is_bytes = |of: &Type| matches!(of, Type::List(list) if list.ty() == Type::U8);
    let takes: Vec<Type> = run.params().map(|(_, one)| one).collect();
    let gives: Vec<Type> = run.results().collect();
    let is_right = matches!(takes.as_slice(), [Type::U64, arguments, input] if is_bytes(arguments) && is_bytes(input))
        && matches!(gives.as_slice(), [Type::Result(result)] if result.ok().as_ref().is_some_and(is_bytes)
            && result.err() == Some(Type::String));
    if !is_right || run.async_() {
        return Err(bad(
            "its function run is not func(unit: u64, arguments: list<u8>, input: list<u8>) -> result<list<u8>, string>",
        ));
    }
    Ok((Abi::Component, false))
}

fn of_command(module: &Module) -> Result<(), Failed> {
    for import in module.imports() {
        let (from, name) = (import.module(), import.name());
        if from != wasi::MODULE || !wasi::NAMES.contains(&name) {
            return Err(bad(format!(
                "it imports {from}.{name}, which is not given here: a program gets its input and nothing else"
            )));
        }
        let is_function = import.ty().func().is_some_and(wasi::is_plain);
        if !is_function {
            return Err(bad(format!("it imports {from}.{name} as something else than that function")));
        }
    }
    need_memory(module)?;
    need(module, "_start", &[], &[])
}

fn need_memory(module: &Module) -> Result<(), Failed> {
    match module.get_export("memory") {
        Some(ExternType::Memory(_)) => Ok(()),
        _ => Err(bad("it does not export its memory as memory")),
    }
}

fn need(module: &Module, name: &str, takes: &[ValType], gives: &[ValType]) -> Result<(), Failed> {
    let Some(ExternType::Func(function)) = module.get_export(name) else {
        return Err(bad(format!("it does not export the function {name}")));
    };
    if is_type(&function, takes, gives) {
        Ok(())
    } else {
        Err(bad(format!("its function {name} takes or gives something else than it should")))
    }
}

fn is_type(function: &FuncType, takes: &[ValType], gives: &[ValType]) -> bool {
    let same = |have: Vec<ValType>, want: &[ValType]| {
        have.len() == want.len() && have.iter().zip(want).all(|(a, b)| ValType::eq(a, b))
    };
    same(function.params().collect(), takes) && same(function.results().collect(), gives)
}

fn bad(log: impl Into<String>) -> Failed {
    Failed::new(Failure::BadProgram, log)
}
