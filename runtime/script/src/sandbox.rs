//! The engine with everything taken out that could hurt, and the ways to run something in it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use plantroom_model::{Status, Utc};
use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage, BasicMathPackage,
    BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, FuncArgs, NativeCallContext, Scope};

use crate::error::place_of;
use crate::run::{self, Run};
use crate::{Budget, Closure, Program, ScriptError, TagTable, limits, maths, memory, strings, tags};

/// The sandboxed engine, with the functions of the crate that uses it.
pub struct Sandbox {
    pub(crate) engine: Engine,
}

/// What a run gave, and what it took.
#[derive(Debug)]
pub struct Evaluation {
    /// What it gave. Without a value yet of a tag that it read, see `gap`, this means nothing.
    pub result: Result<Dynamic, ScriptError>,
    /// Every tag that it read, known or not, once each, in the order of the first reading.
    pub reads: Vec<Arc<str>>,
    /// Those of them of which it asked `has_tag`: it knows what to do where there are none.
    pub asked: Vec<Arc<str>>,
    /// The worst status of the tags that the result is computed from.
    pub status: Status,
    /// The oldest source time of them; 0 without any.
    pub oldest: Utc,
    /// A tag that it is computed from has no value yet: the result can't be used, and an error is no error yet.
    pub gap: bool,
    /// The first tag read with a bad status, and that status.
    pub bad_tag: Option<(String, Status)>,
    /// What it printed, for its author.
    pub printed: Vec<String>,
    /// How many steps of its budget it took: the same on every machine.
    pub steps: u64,
}

impl Sandbox {
    /// An engine with the functions that `offer` registers beside the ordinary ones.
    pub fn new(offer: impl FnOnce(&mut Engine)) -> Self {
        let mut engine = Engine::new_raw();
        // Not LanguageCorePackage: it holds sleep(), which would stop the console, and exit(). Not blobs, not bit fields.
        ArithmeticPackage::new().register_into_engine(&mut engine);
        BasicStringPackage::new().register_into_engine(&mut engine);
        BasicIteratorPackage::new().register_into_engine(&mut engine);
        BasicFnPackage::new().register_into_engine(&mut engine);
        LogicPackage::new().register_into_engine(&mut engine);
        BasicMathPackage::new().register_into_engine(&mut engine);
        BasicArrayPackage::new().register_into_engine(&mut engine);
        BasicMapPackage::new().register_into_engine(&mut engine);
        MoreStringPackage::new().register_into_engine(&mut engine);
        engine
            .set_max_call_levels(limits::CALL_LEVELS)
            .set_max_expr_depths(limits::EXPRESSION_DEPTH, limits::FUNCTION_EXPRESSION_DEPTH)
            .set_max_variables(limits::VARIABLES)
            .set_max_functions(limits::FUNCTIONS)
            .set_max_string_size(limits::TEXT_BYTES)
            .set_max_array_size(limits::ARRAY_ELEMENTS)
            .set_max_map_size(limits::MAP_ENTRIES)
            .set_max_operations(Budget::BUILD.steps)
            .set_strict_variables(true)
            .set_fail_on_invalid_map_property(true)
            .disable_symbol("eval")
            .disable_symbol("curry")
            // Rhai computes `**` on numbers by itself, with the platform's own pow.
            .disable_symbol("**")
            .disable_symbol("**=")
            .on_progress(|_| run::step())
            .on_print(run::print)
            .on_debug(|text, _, _| run::print(text));
        memory::register(&mut engine);
        maths::register(&mut engine);
        strings::register(&mut engine);
        tags::register(&mut engine);
        offer(&mut engine);
        Self { engine }
    }

    /// Compiles a file. `variables` are the names that it will be run with.
    ///
    /// # Errors
    /// The first place where it isn't a script.
    pub fn compile(&self, file: &str, text: &str, variables: &[&str]) -> Result<Arc<Program>, ScriptError> {
        let file: Arc<str> = file.into();
        if text.len() > limits::FILE_BYTES {
            let message = format!("the file has more than {} bytes; split it into parts", limits::FILE_BYTES);
            return Err(ScriptError::new(&file, (1, 1), message));
        }
        let mut scope = Scope::new();
        for name in variables {
            scope.push(*name, ());
        }
        let compiled = guarded(&file, || self.engine.compile_with_scope(&scope, text).map_err(Into::into))?;
        Ok(Arc::new(Program { file, ast: compiled }))
    }

    /// Runs a file from its first line to its last.
    pub fn run(&self, program: &Arc<Program>, variables: Vec<(&str, Dynamic)>, budget: Budget) -> Evaluation {
        let outer = run::swap(Some(Run::new(budget, None)));
        let result = run_file(&self.engine, program, variables).map_err(|error| ScriptError::from_engine(&program.file, &error));
        evaluation(result, outer, &mut None)
    }

    /// Runs a file from its first line to its last over these tags.
    pub fn run_over(
        &self,
        program: &Arc<Program>,
        variables: Vec<(&str, Dynamic)>,
        budget: Budget,
        tags: &mut TagTable,
    ) -> Evaluation {
        let outer = run::swap(Some(Run::new(budget, Some(std::mem::take(tags)))));
        let result = run_file(&self.engine, program, variables).map_err(|error| ScriptError::from_engine(&program.file, &error));
        let mut given_back = Some(TagTable::new());
        let evaluation = evaluation(result, outer, &mut given_back);
        *tags = given_back.unwrap_or_default();
        evaluation
    }

    /// Runs another file inside the run that is going on, out of its budget. For functions of scripts that place parts.
    ///
    /// # Errors
    /// What went wrong in it, with its own file, line and column.
    pub fn run_inside(
        context: &NativeCallContext,
        program: &Arc<Program>,
        variables: Vec<(&str, Dynamic)>,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        run_file(context.engine(), program, variables)
    }

    /// Calls a closure inside the run that is going on, out of its budget.
    ///
    /// # Errors
    /// What went wrong in it, with its own file, line and column.
    pub fn call_inside(
        context: &NativeCallContext,
        closure: &Closure,
        arguments: impl FuncArgs,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let program = &closure.program;
        run::enter(program)?;
        let engine = context.engine();
        let result = guarded(&program.file, || closure.function.call::<Dynamic>(engine, &program.ast, arguments));
        run::leave();
        result.map_err(|error| closure.placed(error).carried(rhai::Position::NONE))
    }

    /// Calls a closure over these tags.
    pub fn call(&self, closure: &Closure, arguments: impl FuncArgs, budget: Budget, tags: &mut TagTable) -> Evaluation {
        let outer = run::swap(Some(Run::new(budget, Some(std::mem::take(tags)))));
        let file = &closure.program.file;
        let entered = run::enter(&closure.program).map_err(|error| ScriptError::from_engine(file, &error));
        let result = entered.and_then(|()| {
            guarded(file, || closure.function.call::<Dynamic>(&self.engine, &closure.program.ast, arguments))
                .map_err(|error| closure.placed(error))
        });
        let mut given_back = Some(TagTable::new());
        let evaluation = evaluation(result, outer, &mut given_back);
        *tags = given_back.unwrap_or_default();
        evaluation
    }

    /// Takes a closure out of a script's arguments, with its own copies of what it captured.
    ///
    /// # Errors
    /// When it captured too much or in a circle.
    pub fn closure(context: &NativeCallContext, value: &Dynamic) -> Result<Option<Closure>, Box<EvalAltResult>> {
        if let Some(ready) = value.read_lock::<Closure>() {
            return Ok(Some(ready.clone()));
        }
        if !value.is_fnptr() {
            return Ok(None);
        }
        run::charge_value(value).map_err(memory::refusal)?;
        let value = memory::detached(value.clone(), limits::NESTING).map_err(memory::refusal)?;
        let (Some(program), Some(function)) = (run::program(), value.try_cast::<FnPtr>()) else { return Ok(None) };
        Ok(Some(Closure { program, function, place: place_of(context.call_position()) }))
    }

    /// Line and column of the call that a native function is serving; 0 where the engine doesn't know.
    pub fn place(context: &NativeCallContext) -> (u32, u32) {
        place_of(context.call_position())
    }
}

/// Runs a file inside the run that is going on.
pub(crate) fn run_file(
    engine: &Engine,
    program: &Arc<Program>,
    variables: Vec<(&str, Dynamic)>,
) -> Result<Dynamic, Box<EvalAltResult>> {
    run::enter(program)?;
    let mut scope = Scope::new();
    for (name, value) in variables {
        scope.push_dynamic(name, value);
    }
    let result = guarded(&program.file, || engine.eval_ast_with_scope::<Dynamic>(&mut scope, &program.ast));
    run::leave();
    result.map_err(|error| error.carried(rhai::Position::NONE))
}

pub(crate) fn evaluation(result: Result<Dynamic, ScriptError>, outer: Option<Run>, tags: &mut Option<TagTable>) -> Evaluation {
    let mut run = run::swap(outer).unwrap_or_else(|| Run::new(Budget { steps: 0, bytes: 0 }, None));
    if tags.is_some() {
        *tags = run.tags.take();
    }
    Evaluation {
        result,
        steps: run.steps(),
        reads: run.reads,
        asked: run.asked,
        status: run.status,
        oldest: run.oldest,
        gap: run.gap,
        bad_tag: run.bad_tag,
        printed: run.printed,
    }
}

/// Runs the engine; a panic inside it becomes an error of the script.
pub(crate) fn guarded<T>(file: &Arc<str>, work: impl FnOnce() -> Result<T, Box<EvalAltResult>>) -> Result<T, ScriptError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| ScriptError::from_engine(file, &error)),
        Err(_) => Err(ScriptError::new(file, (0, 0), "the script engine failed on this script; please report it")),
    }
}
