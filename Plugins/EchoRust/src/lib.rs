//! inline::echo-rust: Echo in Rust, against the header alone, without crates. A thread for each call.
//!
//! What a Rust provider must see to: no panic crosses the contract (each function that the host calls, and each thread,
//! stops panics), every sink is finished exactly once (`serve` returns how a call ended, and one place finishes), and an
//! instance is gone before `destroy` is done.

mod abi;
mod json;
mod requests;

use abi::{Bytes, Host, Module, Provider, Request, Setup, Sink};
use json::{quoted, Value};
use requests::{check, Mistake};
use std::collections::HashMap;
use std::ffi::{c_char, c_void, CStr};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Threads of one instance; beyond it a call is answered 429.
const CALLS_MAX: usize = 256;

struct Instance {
    prefix: String,
    delay: Duration,
    state: Mutex<State>,
    /// A call was cancelled.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    calls: HashMap<u64, Arc<AtomicBool>>,
    /// Sinks that are not finished yet.
    open: usize,
    is_closing: bool,
    done: Option<Sink>,
}

struct Call {
    id: u64,
    request: Request,
    sink: Sink,
    is_cancelled: Arc<AtomicBool>,
}

/// Why a call did not succeed: its status and error object.
struct Failure(i32, String);

impl Failure {
    fn new(status: i32, code: &str, message: &str, field: &str) -> Failure {
        let field = if field.is_empty() { String::new() } else { format!(",\"field\":{}", quoted(field)) };
        Failure(status, format!("{{\"code\":{},\"message\":{}{field}}}", quoted(code), quoted(message)))
    }

    fn cancelled() -> Failure {
        Failure::new(abi::CANCELLED, "cancelled", "the call was cancelled", "")
    }
}

impl From<Mistake> for Failure {
    fn from(mistake: Mistake) -> Failure {
        let name = if mistake.field.is_empty() { "the body" } else { &mistake.field };
        Failure::new(abi::INVALID, "invalid_request", &format!("{name} {}", mistake.message), &mistake.field)
    }
}

fn finish(sink: &Sink, outcome: Result<(), Failure>) {
    let (status, error) = match outcome {
        Ok(()) => (abi::OK, String::new()),
        Err(Failure(status, error)) => (status, error),
    };
    (sink.finish)(sink.context, status, Bytes::of(error.as_bytes()));
}

// MARK: Answering

impl Instance {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, call: &Call) -> Result<(), Failure> {
        // The request's bytes live until finish, and that comes after this function.
        let (method, body, options) =
            unsafe { (call.request.method.slice(), call.request.body.slice(), call.request.options.slice()) };
        let method = String::from_utf8_lossy(method);
        let shape = match method.as_ref() {
            "completion" => requests::COMPLETION,
            "chat_completion" => requests::CHAT_COMPLETION,
            "register" | "unregister" => requests::RESOURCE,
            _ => {
                let message = format!("inline::echo-rust has no method '{method}'");
                return Err(Failure::new(abi::UNSUPPORTED, "not_implemented", &message, ""));
            }
        };
        let mut is_extended = false;
        if !options.is_empty() {
            if let Value::Object(members) = parse(options)? {
                for (name, value) in &members {
                    if name != "extended" || method.ends_with("register") {
                        let message = format!("{name} is not supported by inline::echo-rust");
                        return Err(Failure::new(abi::BAD_REQUEST, "unsupported_option", &message, name));
                    }
                    is_extended = *value == Value::Bool(true);
                }
            }
        }
        let body = parse(body)?;
        check(&body, &shape, "")?;
        match method.as_ref() {
            "completion" => self.echo(call, &body, body.get("content"), "content", is_extended, false),
            "chat_completion" => {
                let content = body.get("dialog").and_then(|d| d.get("message")).and_then(|m| m.get("content"));
                self.echo(call, &body, content, "dialog.message.content", is_extended, true)
            }
            _ if body.get("kind") == Some(&Value::Text("model".into())) => Ok(()),
            _ => Err(Failure::new(abi::UNSUPPORTED, "not_implemented", "inline::echo-rust takes models only", "kind")),
        }
    }

    fn echo(
        &self, call: &Call, body: &Value, content: Option<&Value>, field: &str, is_extended: bool, is_chat: bool,
    ) -> Result<(), Failure> {
        let said = content.and_then(text_of).ok_or_else(|| {
            let message = format!("{field} must be text: echo reads no attachments");
            Failure::new(abi::BAD_REQUEST, "unsupported_content", &message, field)
        })?;
        let said = format!("{}{said}", self.prefix);
        let streams = body.get("stream") == Some(&Value::Bool(true));
        let words_max = match body.get("max_tokens") {
            Some(Value::Number(n)) if *n > 0.0 => *n as usize,
            _ => usize::MAX,
        };
        let (mut at, mut count) = (0, 0);
        for word in words(&said).take(words_max) {
            self.pause(call)?;
            if streams {
                send(call, abi::EVENT, &format!("{{\"text_delta\":{}}}", quoted(word)))?;
            }
            at += word.len();
            count += 1;
        }
        let stop_reason = if at < said.len() { "max_tokens" } else { "finished_ok" };
        // A token is a word here: as many come in as go out, unless the answer is cut.
        let usage = if is_extended {
            let prompt = words(&said).count();
            format!(",\"usage\":{{\"prompt_tokens\":{prompt},\"cached_tokens\":0,\"completion_tokens\":{count}}}")
        } else {
            String::new()
        };
        if streams {
            let last = format!("{{\"text_delta\":\"\",\"stop_reason\":\"{stop_reason}\"{usage}}}");
            return send(call, abi::EVENT, &last);
        }
        let tool_calls = if is_chat { "\"tool_calls\":[]," } else { "" };
        let answer = format!("{{\"content\":{},{tool_calls}\"stop_reason\":\"{stop_reason}\"{usage}}}", quoted(&said[..at]));
        send(call, abi::BODY, &answer)
    }

    /// The pause before a word. Ends at once when the call is cancelled.
    fn pause(&self, call: &Call) -> Result<(), Failure> {
        let until = Instant::now().checked_add(self.delay);
        let mut state = self.lock();
        loop {
            if call.is_cancelled.load(Ordering::Relaxed) {
                return Err(Failure::cancelled());
            }
            let left = until.map_or(self.delay, |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(());
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Before finish: the host may use the id again as soon as finish was called.
    fn forget(&self, id: u64) {
        self.lock().calls.remove(&id);
    }
}

fn parse(bytes: &[u8]) -> Result<Value, Failure> {
    json::parse(bytes).map_err(|message| Failure::new(abi::BAD_REQUEST, "invalid_json", &message, ""))
}

/// None when there is an attachment in it.
fn text_of(content: &Value) -> Option<String> {
    match content {
        Value::Text(text) => Some(text.clone()),
        Value::List(items) => items.iter().map(text_of).collect::<Option<Vec<_>>>().map(|texts| texts.join(" ")),
        _ => None,
    }
}

/// The words, each with the white space after it: joined, they are the text again.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let space = rest[word..].find(|c: char| !c.is_whitespace()).unwrap_or(rest.len() - word);
        let (first, others) = rest.split_at(word + space);
        rest = others;
        (!first.is_empty()).then_some(first)
    })
}

/// Blocks while the reader is behind: this is a thread of our own.
fn send(call: &Call, kind: i32, text: &str) -> Result<(), Failure> {
    let sink = &call.sink;
    match (sink.write)(sink.context, kind, Bytes::of(text.as_bytes())) {
        abi::MORE => Ok(()),
        abi::PAUSE if (sink.wait_writable)(sink.context) == abi::MORE => Ok(()),
        _ => Err(Failure::cancelled()),
    }
}

/// A thread of a call: answers, finishes once, and closes the instance when it was the last one after destroy.
fn run(instance: Arc<Instance>, call: Call) {
    let outcome = catch_unwind(AssertUnwindSafe(|| instance.serve(&call)))
        .unwrap_or_else(|_| Err(Failure::new(abi::INTERNAL, "internal", "the provider panicked", "")));
    instance.forget(call.id);
    finish(&call.sink, outcome);
    leave(instance);
}

fn leave(instance: Arc<Instance>) {
    let mut state = instance.lock();
    state.open -= 1;
    let done = if state.open == 0 { state.done.take() } else { None };
    drop(state);
    drop(instance);
    if let Some(done) = done {
        finish(&done, Ok(()));
    }
}

// MARK: The contract's functions

extern "C" fn create(_: *const Provider, _: *const Host, setup: *const Setup, ready: *const Sink) -> *mut c_void {
    let (config, ready) = unsafe { ((*setup).config.slice(), *ready) };
    let configured = catch_unwind(|| configure(if config.is_empty() { b"{}" } else { config }));
    let (instance, outcome) = match configured {
        Ok(Ok((prefix, delay))) => ((prefix, delay), Ok(())),
        Ok(Err(failure)) => (Default::default(), Err(failure)),
        Err(_) => (Default::default(), Err(Failure::new(abi::INTERNAL, "internal", "the provider panicked", ""))),
    };
    let (prefix, delay) = instance;
    let instance = Instance { prefix, delay, state: Mutex::default(), changed: Condvar::new() };
    // Before ready: the host may destroy it as soon as finish was called.
    let pointer = Arc::into_raw(Arc::new(instance)) as *mut c_void;
    finish(&ready, outcome);
    pointer
}

fn configure(config: &[u8]) -> Result<(String, Duration), Failure> {
    let problem = |pointer: String, message: &str| {
        let (pointer, message) = (quoted(&pointer), quoted(message));
        let error = format!("[{{\"pointer\":{pointer},\"code\":\"invalid_config\",\"message\":{message}}}]");
        Failure(abi::BAD_CONFIG, error)
    };
    let config = json::parse(config).map_err(|message| problem(String::new(), &message))?;
    check(&config, &requests::CONFIGURATION, "").map_err(|mistake| {
        // All fields are at the top.
        let slash = if mistake.field.is_empty() { "" } else { "/" };
        problem(format!("{slash}{}", mistake.field), &mistake.message)
    })?;
    let prefix = match config.get("prefix") {
        Some(Value::Text(prefix)) => prefix.clone(),
        _ => String::new(),
    };
    let delay = match config.get("delay_milliseconds") {
        Some(Value::Number(n)) => Duration::from_millis(*n as u64),
        _ => Duration::ZERO,
    };
    Ok((prefix, delay))
}

/// # Safety
/// `instance` came from `create`, and destroy has not been called.
unsafe fn borrow(instance: *mut c_void) -> Arc<Instance> {
    Arc::increment_strong_count(instance as *const Instance);
    Arc::from_raw(instance as *const Instance)
}

extern "C" fn invoke(instance: *mut c_void, request: *const Request, sink: *const Sink) {
    let (instance, request, sink) = unsafe { (borrow(instance), *request, *sink) };
    let started = catch_unwind(AssertUnwindSafe(|| start(&instance, request, sink))).unwrap_or(false);
    if !started {
        instance.forget(request.call_id);
        let message = "inline::echo-rust runs as many calls as it can";
        finish(&sink, Err(Failure::new(abi::BUSY, "queue_full", message, "")));
        leave(instance);
    }
}

/// Always counts the call as open.
fn start(instance: &Arc<Instance>, request: Request, sink: Sink) -> bool {
    let is_cancelled = Arc::new(AtomicBool::new(false));
    let mut state = instance.lock();
    state.open += 1;
    if state.is_closing || state.open > CALLS_MAX {
        return false;
    }
    state.calls.insert(request.call_id, is_cancelled.clone());
    drop(state);
    let call = Call { id: request.call_id, request, sink, is_cancelled };
    let instance = instance.clone();
    std::thread::Builder::new().spawn(move || run(instance, call)).is_ok()
}

extern "C" fn cancel(instance: *mut c_void, call_id: u64) {
    let instance = unsafe { borrow(instance) };
    if let Some(is_cancelled) = instance.lock().calls.get(&call_id) {
        is_cancelled.store(true, Ordering::Relaxed);
    }
    instance.changed.notify_all();
}

extern "C" fn destroy(instance: *mut c_void, done: *const Sink) {
    // The reference that create gave out.
    let (instance, done) = unsafe { (Arc::from_raw(instance as *const Instance), *done) };
    let mut state = instance.lock();
    state.is_closing = true;
    state.done = Some(done);
    for is_cancelled in state.calls.values() {
        is_cancelled.store(true, Ordering::Relaxed);
    }
    state.open += 1;
    drop(state);
    instance.changed.notify_all();
    leave(instance);
}

const fn text(text: &'static CStr) -> *const c_char {
    text.as_ptr()
}

static PROVIDER: Provider = Provider {
    struct_size: std::mem::size_of::<Provider>() as u32,
    flags: 0,
    self_: null_mut(),
    api: text(c"inference"),
    type_: text(c"inline::echo-rust"),
    version: text(c"1.0.0"),
    runtime: text(c"none"),
    description: text(c"Echo in Rust: answers with what was said last, word by word."),
    config_schema: text(
        c"{\"type\":\"object\",\"properties\":{\
        \"prefix\":{\"type\":\"string\",\"default\":\"\",\"description\":\"Said before every answer.\"},\
        \"delay_milliseconds\":{\"type\":\"integer\",\"minimum\":0,\"default\":0,\
        \"description\":\"The pause before each word of an answer.\"}},\
        \"additionalProperties\":false}",
    ),
    methods: text(
        c"[{\"name\":\"completion\",\"stream\":true,\"options\":[\"extended\"]},\
        {\"name\":\"chat_completion\",\"stream\":true,\"options\":[\"extended\"]}]",
    ),
    needs: text(c"[]"),
    create,
    invoke,
    cancel,
    destroy,
    resources: text(c"[\"model\"]"),
};

struct Providers([*const Provider; 1]);
unsafe impl Sync for Providers {}
static PROVIDERS: Providers = Providers([&PROVIDER]);

static MODULE: Module = Module {
    struct_size: std::mem::size_of::<Module>() as u32,
    abi_major: 1,
    abi_minor: 1,
    provider_count: 1,
    reserved: 0,
    providers: &PROVIDERS.0 as *const *const Provider,
};

#[no_mangle]
pub extern "C" fn llama_stack_provider_v1(_host_abi_minor: u32) -> *const Module {
    &MODULE
}
