/// The faults of `Tests/Fixtures/broken-providers/faults.c`, and the check of the conformance kit that must turn red
/// for each.
package enum FaultTable {
    package struct Row: Sendable {
        /// The value of FAULT.
        package var fault: String
        package var check: String
        /// Part of what the failure says.
        package var says: String
        /// How long a step may take.
        package var seconds: Double
    }

    private static func row(_ fault: String, _ check: String, _ says: String) -> Row {
        Row(fault: fault, check: check, says: says, seconds: 30)
    }

    /// A fault that a step waits for in vain, to the end of its time.
    private static func endless(_ fault: String, _ check: String, _ says: String) -> Row {
        Row(fault: fault, check: check, says: says, seconds: 5)
    }

    // The process does not live, or does not answer.
    private static let deaths = [
        row("crash in constructor", "can be loaded", "ended by SIGSEGV, in the library's constructors"),
        row("crash in entry", "can be loaded", "ended by SIGSEGV, in llama_stack_provider_v1"),
        row("crash in create", "becomes ready and stops", "ended by SIGSEGV, in create at libprovider"),
        row(
            "crash in invoke", "answers an unknown method with LSP_UNSUPPORTED",
            "ended by SIGSEGV, in invoke at libprovider"),
        row("crash in thread", "answers an unknown method with LSP_UNSUPPORTED", "ended by SIGSEGV"),
        row("crash in cancel", "ends a stream that is cancelled", "ended by SIGSEGV, in cancel"),
        row("crash in destroy", "becomes ready and stops", "ended by SIGSEGV, in destroy"),
        row("crash in destructor", "becomes ready and stops", "ended by SIGSEGV, while the process exited"),
        row("abort in create", "becomes ready and stops", "ended by SIGABRT, in create"),
        row("abort in thread", "answers an unknown method with LSP_UNSUPPORTED", "ended by SIGABRT"),
        row("stack overflow", "answers an unknown method with LSP_UNSUPPORTED", "ended by SIGSEGV"),
        row("double free", "answers an unknown method with LSP_UNSUPPORTED", "ended by SIGABRT"),
        row("heap overrun", "answers an unknown method with LSP_UNSUPPORTED", "ended by SIG"),
        row("exit in constructor", "can be loaded", "ended the process with exit(0), in the library's constructors"),
        row("exit in entry", "can be loaded", "ended the process with exit(0), in llama_stack_provider_v1"),
        row("exit in create", "becomes ready and stops", "ended the process with exit(0), in create"),
        row(
            "exit in invoke", "answers an unknown method with LSP_UNSUPPORTED",
            "ended the process with exit(0), in invoke"),
        row("exit in thread", "answers an unknown method with LSP_UNSUPPORTED", "ended the process with exit(0)"),
        row("exit in destroy", "becomes ready and stops", "ended the process with exit(0), in destroy"),
        endless("hang in constructor", "can be loaded", "dlopen did not return"),
        endless("hang in entry", "can be loaded", "llama_stack_provider_v1 did not return"),
        endless("hang in create", "becomes ready and stops", "create did not return"),
        endless("hang in invoke", "answers an unknown method with LSP_UNSUPPORTED", "invoke did not return"),
        endless("hang in cancel", "ends a stream that is cancelled", "cancel did not return"),
        endless("hang in destroy", "becomes ready and stops", "destroy did not return"),
        endless(
            "stop the process", "answers an unknown method with LSP_UNSUPPORTED", "in invoke; its process was killed"),
        row("entry answers 0x10", "can be loaded", "ended by SIGSEGV, in llama_stack_provider_v1"),
        row("99 providers, one pointer", "can be loaded", "ended by SIGSEGV"),
        row("size that lies", "answers each method whole, as its schema says", "copying the bytes of a write"),
        row("alarm soon", "leaves the process as it found it", "ended by SIGALRM"),
    ]

    // Its life.
    private static let lives = [
        endless("never ready", "becomes ready and stops", "'ready' was not finished"),
        row("create answers NULL", "becomes ready and stops", "create answered NULL"),
        row("refuse its config", "becomes ready and stops", "LSP_UNAVAILABLE"),
        endless("never destroyed", "becomes ready and stops", "did not finish 'done'"),
        row("done with calls left", "stops while calls run", "calls unfinished"),
        row("one instance alone", "can be created twice at once", "LSP_UNAVAILABLE"),
        row(
            "bad config without an array", "answers a bad config in time, with an array of complaints",
            "must be an array"),
        row(
            "bad config with another status", "answers a bad config in time, with an array of complaints",
            "wanted LSP_BAD_CONFIG"),
        row("ready twice", "finishes each call once, and is silent after it", "finished create twice"),
        row("done twice", "finishes each call once, and is silent after it", "finished destroy twice"),
        row("log after destroy", "finishes each call once, and is silent after it", "host's log after destroy"),
        endless("leave a thread", "leaves nothing behind after destroy", "still run its code"),
        endless("child process", "leaves nothing behind after destroy", "child processes"),
        row(
            "late in create", "returns at once from create, invoke, cancel and destroy", "create kept its caller"),
        row(
            "late in invoke", "returns at once from create, invoke, cancel and destroy", "invoke kept its caller"),
        row(
            "late in cancel", "returns at once from create, invoke, cancel and destroy", "cancel kept its caller"),
        row(
            "late in destroy", "returns at once from create, invoke, cancel and destroy", "destroy kept its caller"),
    ]

    // Its calls.
    private static let calls = [
        endless("never finish", "answers an unknown method with LSP_UNSUPPORTED", "was not finished"),
        endless("forget the call", "answers an unknown method with LSP_UNSUPPORTED", "was not finished"),
        row("answer any method", "answers an unknown method with LSP_UNSUPPORTED", "wanted LSP_UNSUPPORTED"),
        row("take any field", "answers an unknown field with LSP_INVALID", "wanted LSP_INVALID"),
        row("take any body", "answers a body that is not JSON with LSP_BAD_REQUEST", "wanted LSP_BAD_REQUEST"),
        row("take any field", "refuses a body that breaks the schema", "wanted LSP_INVALID"),
        row("take any option", "refuses an option that it does not support", "wanted LSP_BAD_REQUEST"),
        row(
            "register anything", "answers a resource of an unknown kind with LSP_UNSUPPORTED", "wanted LSP_UNSUPPORTED"),
        row(
            "confused by a cancel", "ignores the cancel of a call that it does not know, or has finished",
            "LSP_INTERNAL"),
        endless("nine calls at most", "answers 64 calls at once", "of 64 calls had finished"),
        endless("nine calls at most", "takes calls and cancels from 8 threads at once", "of 128 calls had finished"),
        row("ignore pause", "waits while the reader is behind", "after LSP_PAUSE"),
        endless("ignore cancel", "ends a stream that is cancelled", "of its cancel"),
        endless("ignore cancel", "ends a call that is cancelled at once", "of its cancel"),
        row(
            "finish twice", "finishes each call once, and is silent after it",
            "finished conformance_unknown_method twice"),
        row("finish from 8 threads", "finishes each call once, and is silent after it", "twice"),
        row("write after finish", "finishes each call once, and is silent after it", "after finish"),
        row("wait after finish", "finishes each call once, and is silent after it", "wait_writable"),
        row("null context", "finishes each call once, and is silent after it", "0x0"),
        row("made-up context", "finishes each call once, and is silent after it", "0x1234"),
        row("writes from 8 threads", "writes as the contract says", "two threads"),
        row("mixed kinds", "writes as the contract says", "mixed LSP_BODY and LSP_EVENT"),
        row("unknown kind", "writes as the contract says", "the kind 3"),
        row("event with a newline", "writes as the contract says", "line break"),
        row("event with a carriage return", "writes as the contract says", "line break"),
        row("event that is not JSON", "writes as the contract says", "not JSON"),
        row("event that is not UTF-8", "writes as the contract says", "not UTF-8"),
        row("empty event", "writes as the contract says", "without a byte"),
        row("write from NULL", "writes as the contract says", "from NULL"),
        row("write of too much", "writes as the contract says", "at once; at most"),
        row("write after closed", "writes as the contract says", "after LSP_CLOSED"),
    ]

    // Its answers and errors.
    private static let answers = [
        row("LSP_OK without an answer", "answers each method whole, as its schema says", "without an answer"),
        row("answer that is not JSON", "answers each method whole, as its schema says", "not JSON"),
        row("answer that is not UTF-8", "answers each method whole, as its schema says", "not UTF-8"),
        row("answer of the wrong shape", "answers each method whole, as its schema says", "content is missing"),
        row("answer with a wrong type", "answers each method whole, as its schema says", "stop_reason is 'because'"),
        row("answer lacking a field", "answers each method whole, as its schema says", "content is missing"),
        row("events for a whole answer", "answers each method whole, as its schema says", "came as LSP_EVENT"),
        row("unsupported method", "answers each method whole, as its schema says", "'methods' names it"),
        row("refuse the sample", "answers each method whole, as its schema says", "the sample is valid"),
        row("fail inside", "answers each method whole, as its schema says", "LSP_INTERNAL"),
        row("stream without an event", "streams each method that streams, as its schema says", "without an event"),
        row(
            "event of the wrong shape", "streams each method that streams, as its schema says", "text_delta is missing"),
        row("event with null", "streams each method that streams, as its schema says", "stop_reason is null"),
        row("body for a stream", "streams each method that streams, as its schema says", "came as LSP_BODY"),
        row("no stop reason", "streams each method that streams, as its schema says", "no event has a \"stop_reason\""),
        row("event after the last", "streams each method that streams, as its schema says", "1 events came after"),
        row("LSP_OK with an error", "gives its errors as the contract says", "LSP_OK and an error"),
        row("error of plain text", "gives its errors as the contract says", "not a JSON object"),
        row("error without a code", "gives its errors as the contract says", "no \"code\""),
        row("error of an unknown code", "gives its errors as the contract says", "'E42' is not in the table"),
        row("error of another status", "gives its errors as the contract says", "belongs to the status 10"),
        row("error with control characters", "gives its errors as the contract says", "control characters"),
        row("long error", "gives its errors as the contract says", "5000 bytes"),
        row("huge error", "gives its errors as the contract says", "longer than 65536"),
        row("error from NULL", "gives its errors as the contract says", "from NULL"),
        row("status 999", "gives its errors as the contract says", "the status 999"),
        row("status -1", "gives its errors as the contract says", "the status -1"),
    ]

    // Borrowed memory, and the state that all libraries share.
    private static let surroundings = [
        row("use a lent sink", "uses what it is lent only while it is lent", "lsp_sink after invoke had returned"),
        row(
            "use a lent request", "uses what it is lent only while it is lent", "lsp_request after invoke had returned"),
        row("read after finish", "uses what it is lent only while it is lent", "after it had finished the call"),
        row("read beyond the body", "uses what it is lent only while it is lent", "beyond the end"),
        row("log of a request", "uses the host as the contract says", "repeats what a request says"),
        row("log that is not UTF-8", "uses the host as the contract says", "not UTF-8"),
        row("log with other fields", "uses the host as the contract says", "no JSON object of strings"),
        row("unknown log level", "uses the host as the contract says", "the level 9"),
        row("log flood", "uses the host as the contract says", "5000 lines of log"),
        row("metric in camelCase", "uses the host as the contract says", "snake_case"),
        row("call without a need", "uses the host as the contract says", "\"needs\" does not name"),
        row("leak descriptors", "leaks nothing over 1,000 calls", "descriptors grew"),
        row("leak threads", "leaks nothing over 1,000 calls", "threads grew"),
        row("leak memory", "leaks nothing over 1,000 calls", "memory in use grew"),
        row("leak in create", "leaks nothing when it is created and destroyed again and again", "more descriptors"),
        row("print in constructor", "prints nothing on standard output", "hello from constructor"),
        row("print in invoke", "prints nothing on standard output", "hello from invoke"),
        row("thread in constructor", "changes nothing in the process when it is loaded", "started threads"),
        row("setenv in constructor", "changes nothing in the process when it is loaded", "TZ"),
        row("chdir", "leaves the process as it found it", "the working directory"),
        row("umask", "leaves the process as it found it", "the umask"),
        row("setlocale", "leaves the process as it found it", "the locale"),
        row("clearenv", "leaves the process as it found it", "the environment's"),
        row("setenv", "leaves the process as it found it", "LLAMA_STACK_PROVIDER_PATH"),
        row("ignore SIGTERM", "leaves the process as it found it", "what SIGTERM does: the default to nothing"),
        row("ignore SIGCHLD", "leaves the process as it found it", "what SIGCHLD does"),
        row("default SIGPIPE", "leaves the process as it found it", "what SIGPIPE does"),
        row("alarm", "leaves the process as it found it", "ITIMER_REAL"),
        row("itimer", "leaves the process as it found it", "ITIMER_PROF"),
        row("few descriptors", "leaves the process as it found it", "RLIMIT_NOFILE"),
        row("small stack", "leaves the process as it found it", "RLIMIT_STACK"),
        row("priority", "leaves the process as it found it", "the priority"),
        row("close 0 to 2", "leaves the process as it found it", "descriptor 0"),
        row("close 0 to 20", "leaves the process as it found it", "descriptor 1"),
        row("reopen 1", "leaves the process as it found it", "descriptor 1"),
        row("nonblocking 1", "leaves the process as it found it", "not blocking"),
        row("round down", "leaves the process as it found it", "computes"),
        row("flush to zero", "leaves the process as it found it", "computes"),
        row("block SIGTERM", "leaves the process as it found it", "blocks: SIGTERM"),
    ]

    // Descriptors.
    private static let descriptors = [
        row("entry answers NULL", "can be loaded", "answered NULL"),
        row("small module", "can be loaded", "struct_size is 8"),
        row("small provider", "can be loaded", "struct_size is 8"),
        row("no providers", "can be loaded", "provider_count is 0"),
        row("too many providers", "can be loaded", "provider_count is 999"),
        row("another major version", "can be loaded", "version 2."),
        row("a later minor version", "can be loaded", "version 1.9"),
        row("methods that are not JSON", "can be loaded", "'methods'"),
        row("oneOf in the schema", "can be loaded", "'oneOf'"),
        row("empty api", "can be loaded", "must not be empty"),
        row("create is NULL", "can be loaded", "'create' is NULL"),
        row("schema that takes anything", "lets no unknown key into its config", "additionalProperties"),
        row("unknown api", "names an API and a type that a distribution can name", "'telemetry'"),
        row("bad type", "names an API and a type that a distribution can name", "inline::<name>"),
        row("no version", "names an API and a type that a distribution can name", "'version' is empty"),
        row("unknown method", "names methods of its API", "'chat_completions'"),
        row("stream of what does not stream", "names methods of its API", "'embeddings' streams"),
        row("no methods", "names methods of its API", "'methods' is empty"),
        row("old Swift", "was built for this host", "swift 5.1"),
        row("runtime of Go", "was built for this host", "go 1.23"),
        row("no runtime", "was built for this host", "every language but Swift"),
        row("needs itself", "needs only APIs that there are, and not its own", "its own API"),
        row(
            "needs a misspelled API", "needs only APIs that there are, and not its own", "did you mean 'memory_banks'?"),
    ]

    package static let all = deaths + lives + calls + answers + surroundings + descriptors

    /// Each fault once, with the checks that name it.
    package static let faults: [(fault: String, checks: [String])] = all.reduce(into: []) { faults, row in
        if let index = faults.firstIndex(where: { $0.fault == row.fault }) {
            faults[index].checks.append(row.check)
        } else {
            faults.append((row.fault, [row.check]))
        }
    }
}
