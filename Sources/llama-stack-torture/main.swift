import Foundation
import Torture

// Trials of durable storage, and its speed. `write` is what the other commands start and kill.
//
//   llama-stack-torture kill [ROUNDS] [WRITERS] [SEED]     kill -9 a writer pool at random moments; nothing may be lost
//   llama-stack-torture power [ROUNDS] [WRITERS] [SEED]    cut the power below it; needs root
//   llama-stack-torture postgres [ROUNDS] [WRITERS] [SEED] ROUNDS times each: kill PostgreSQL below writers, pause it
//   llama-stack-torture crashes [ROUNDS]                   a provider in a child dies in every way, beside streams
//   llama-stack-torture provider [ROUNDS] [WRITERS] [SEED] kill -9 memory banks in a child below writers
//   llama-stack-torture faults [--isolation inline|process] [--json|--markdown] [FAULT...]
//                                                          a server beside each fault that a provider can have
//   llama-stack-torture jobs|jobs-power [KILLS] [SEED] [MODEL]
//                                                          kill -9 a job that trains, inside and outside the window in
//                                                          which it saves, or cut the power below it (needs root)
//   llama-stack-torture race [STEPS] [SEED]                16 workers on the same documents, their steps in an order
//   llama-stack-torture bench [SECONDS [bytes|text WRITERS]]
//                                                          durable inserts a second, beside one fsync for each
//   llama-stack-torture network URL [COUNT] [CA_FILE]      requests through the host's network, and their times
//   llama-stack-torture write STATE WRITERS ROUND SEED
//   llama-stack-torture train STATE MODEL ALGORITHM STEPS  what `jobs` starts and kills
//   llama-stack-torture fill STATE                         fill the disk, and see what still works

TortureProcess.prepare()
let arguments = CommandLine.arguments
func number(_ index: Int, _ fallback: Int) -> Int {
    arguments.indices.contains(index) ? Int(arguments[index]) ?? fallback : fallback
}
let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? arguments[0]
func beside(_ name: String) -> String { (executable as NSString).deletingLastPathComponent + "/" + name }
let folder = FileManager.default.temporaryDirectory.path + "/llama-stack-torture-\(getpid())"

func progress(_ round: Int, _ result: KillRounds.Result, _ what: String) {
    if (round + 1) % 10 == 0 { WriterPool.say("\(round + 1) \(what), \(result.acknowledged) acknowledged") }
}

func close(_ what: String, _ result: KillRounds.Result) -> Never {
    for line in result.wrong + result.failures { WriterPool.say(line) }
    WriterPool.say(
        "\(result.rounds) \(what), \(result.acknowledged) acknowledged writes, \(result.retried) made again, "
            + "\(result.living) documents, \(result.wrong.count) wrong, "
            + "slowest start \(Int(result.reopenSecondsMax * 1000)) ms")
    try? FileManager.default.removeItem(atPath: folder)
    exit(result.wrong.isEmpty && result.failures.isEmpty ? 0 : 1)
}

/// `make torture` leaves the library of faults beside this program.
func faults(_ words: [String]) async throws {
    var words = words, format = ""
    var rounds = FaultRounds(executable: beside("llama-stack"), library: beside("libfaults-provider.so"))
    while let word = words.first, word.hasPrefix("--") {
        words.removeFirst()
        switch word {
        case "--json", "--markdown": format = word
        case "--isolation" where FaultRounds.isolations.contains(words.first ?? ""):
            rounds.isolations = [words.removeFirst()]
        default:
            WriterPool.say("faults: unknown option or value: \(word) \(words.first ?? "")")
            exit(64)
        }
    }
    rounds.only = words
    let outcomes = try await rounds.run { [format] outcome in
        guard format.isEmpty else { return }
        WriterPool.say("\(outcome.fault), \(outcome.isolation): \(outcome.text)")
        for wrong in outcome.wrong { WriterPool.say("  WRONG: \(wrong)") }
    }
    switch format {
    case "--json": for outcome in outcomes { print(outcome.json.text) }
    case "--markdown": print(FaultPage.text(outcomes), terminator: "")
    default: WriterPool.say(FaultPage.summary(outcomes))
    }
    exit(outcomes.contains { !$0.wrong.isEmpty } ? 1 : 0)
}

switch arguments.dropFirst().first {
case "write" where arguments.count == 6:
    let seed = UInt64(arguments[5]) ?? 1
    try await WriterPool(state: arguments[2], writers: number(3, 8), round: number(4, 0), seed: seed).run()
case "fill" where arguments.count == 3:
    try await DiskFilling(state: arguments[2]).run()
case "network" where arguments.count >= 3:
    let caFile = arguments.indices.contains(4) ? arguments[4] : nil
    let result = try await NetworkBenchmark(url: arguments[2], caFile: caFile, count: number(3, 200)).run()
    let times = result.microseconds
    WriterPool.say(
        "\(times.count) requests of \(result.bytes) bytes: p50 \(times[times.count / 2]) µs, "
            + "p90 \(times[times.count * 9 / 10]) µs, least \(times[0]) µs")
case "kill":
    let rounds = KillRounds(
        executable: executable, state: folder, rounds: number(2, 200), writers: number(3, 8), seed: UInt64(number(4, 1))
    )
    WriterPool.say("seed \(rounds.seed), \(rounds.writers) writers, state \(folder)")
    close("kills", try await rounds.run { progress($0, $1, "kills") })
case "power":
    let cuts = PowerCuts(
        executable: executable, folder: folder, rounds: number(2, 200), writers: number(3, 8),
        seed: UInt64(number(4, 1)))
    WriterPool.say("seed \(cuts.seed), \(cuts.writers) writers, state \(folder)")
    close("power cuts", try await cuts.run { progress($0, $1, "power cuts") })
case "postgres":
    let count = number(2, 20)
    let kills = (0..<count).map { [PostgresRounds.Fault.killed, .stopped, .backendKilled][$0 % 3] }
    let seed = UInt64(number(4, 1))
    WriterPool.say("seed \(seed), \(number(3, 8)) writers")
    let pauses = [PostgresRounds.Fault](repeating: .paused, count: count)
    let result = try await PostgresRounds(faults: kills + pauses, writers: number(3, 8), seed: seed).run {
        round, result in
        if (round + 1) % 10 == 0 { WriterPool.say("\(round + 1) rounds, \(result.acknowledged) acknowledged") }
    }
    for line in result.wrong { WriterPool.say(line) }
    WriterPool.say(
        "\(result.rounds.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) \($0.key.rawValue)" }.joined(separator: ", ")): "
            + "\(result.acknowledged) acknowledged writes, \(result.refused) refused, \(result.unknown) of unknown outcome, "
            + "\(result.living) documents, \(result.wrong.count) wrong, slowest refusal "
            + "\(Int(result.slowestRefusalSeconds * 1000)) ms, slowest recovery "
            + "\(Int(result.slowestRecoverySeconds * 1000)) ms")
    exit(result.wrong.isEmpty ? 0 : 1)
case "crashes":
    // `make torture` leaves the library there.
    let rounds = number(2, 20)
    let crashes = CrashRounds(library: beside("libdying-provider.so"), rounds: rounds)
    let before = OwnProcess()
    let result = try await crashes.run { WriterPool.say("round \($0 + 1) of \(rounds)") }
    for line in result.wrong + result.table { WriterPool.say(line) }
    // The last threads end a moment after their children.
    try await Task.sleep(for: .seconds(2))
    WriterPool.say("before: \(before); after: \(OwnProcess())")
    exit(result.wrong.isEmpty && result.lost == 0 ? 0 : 1)
case "provider":
    let kills = ProviderKills(
        library: beside("libprovider-memory-banks-file.so"), state: folder, rounds: number(2, 200),
        writers: number(3, 8),
        seed: UInt64(number(4, 1)))
    WriterPool.say("seed \(kills.seed), \(kills.writers) writers, state \(folder)")
    let result = try await kills.run()
    for line in result.wrong { WriterPool.say(line) }
    WriterPool.say(
        "\(result.kills) kills, \(result.acknowledged) acknowledged writes, \(result.retried) tries again, "
            + "\(result.wrong.count) wrong")
    try? FileManager.default.removeItem(atPath: folder)
    exit(result.wrong.isEmpty ? 0 : 1)
case "train" where arguments.count == 6:
    let (state, model) = (arguments[2], arguments[3])
    guard let trainer = JobTrainer(state: state, model: model, algorithm: arguments[4], steps: number(5, 1)) else {
        exit(64)
    }
    try await trainer.run()
case "jobs", "jobs-power":
    var rounds = JobRounds(
        executable: executable,
        model: arguments.indices.contains(4) ? arguments[4] : "Tests/Fixtures/training/chat.gguf",
        folder: folder, kills: number(2, 100), seed: UInt64(number(3, 1)))
    rounds.cutsPower = arguments[1] == "jobs-power"
    if !rounds.model.hasPrefix("/") { rounds.model = FileManager.default.currentDirectoryPath + "/" + rounds.model }
    WriterPool.say("seed \(rounds.seed), state \(folder)")
    let result = try await rounds.run { if $0.kills % 10 < 2 { WriterPool.say("\($0.kills) kills") } }
    for line in result.wrong { WriterPool.say(line) }
    WriterPool.say(
        "\(result.kills) \(rounds.cutsPower ? "power cuts" : "kills"), \(result.kept) checkpoints verified, "
            + "\(result.completed) jobs with the same weights, \(result.givenUp) given up, \(result.wrong.count) wrong")
    try? FileManager.default.removeItem(atPath: folder)
    exit(result.wrong.isEmpty ? 0 : 1)
case "faults":
    try await faults(Array(arguments.dropFirst(2)))
case "race":
    let server = try await BankServer(state: folder)
    let race = Race(stepsEach: number(2, 1_000_000) / 16, seed: UInt64(number(3, 1)))
    let (contradictions, steps) = try await race.run(server)
    await server.stop()
    for line in contradictions.prefix(20) { WriterPool.say(line) }
    WriterPool.say("\(steps) steps of 16 workers on 4 documents, \(contradictions.count) contradictions")
    try? FileManager.default.removeItem(atPath: folder)
    exit(contradictions.isEmpty ? 0 : 1)
case "bench":
    if arguments.count == 5 {
        let benchmark = InsertBenchmark(
            folder: folder, seconds: Double(number(2, 5)), isText: arguments[3] == "text")
        let row = try await benchmark.run(alone: number(4, 1))
        WriterPool.say(
            "\(row.name): \(Int(row.perSecond)) inserts/s, \(Int(row.processorMicrosecondsEach)) µs of processor each")
        try? FileManager.default.removeItem(atPath: folder)
        exit(0)
    }
    for isText in [false, true] {
        WriterPool.say(isText ? "text, indexed meanwhile:" : "bytes, not indexed:")
        let rows = try await InsertBenchmark(
            folder: folder + (isText ? "-text" : "-bytes"), seconds: Double(number(2, 5)), isText: isText
        ).run()
        // One fsync for each: of plain appends, the mean of both times, and of one writer here.
        let plain = rows.filter { $0.name.hasPrefix("append") }.map(\.perSecond)
        let appends = plain.reduce(0, +) / Double(plain.count)
        let alone = rows.first { $0.name == "1 writers" }?.perSecond ?? 1
        for row in rows {
            let ratios = [appends, alone].map { "\(Double(Int(row.perSecond / $0 * 10)) / 10)×" }
            WriterPool.say(
                "  \(row.name): \(Int(row.perSecond)) inserts/s, \(ratios[0]) plain appends, \(ratios[1]) one writer, "
                    + "\(Int(row.processorMicrosecondsEach)) µs of processor each")
        }
        try? FileManager.default.removeItem(atPath: folder + (isText ? "-text" : "-bytes"))
    }
default:
    WriterPool.say(
        "usage: llama-stack-torture kill|power|postgres|provider [ROUNDS] [WRITERS] [SEED] | crashes [ROUNDS] | "
            + "jobs|jobs-power [KILLS] [SEED] [MODEL] | faults [--isolation inline|process] [--json|--markdown] [FAULT...] | race [STEPS] [SEED] | "
            + "bench [SECONDS [bytes|text WRITERS]] | write STATE WRITERS ROUND SEED"
    )
    exit(64)
}
