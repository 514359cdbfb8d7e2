import ProviderKit

/// The limits of one call.
package struct CageLimits: WireRecord {
    package var secondsMax: Int
    package var cpuSecondsMax: Int
    package var memoryBytesMax: Int
    package var processesMax: Int
    package var diskBytesMax: Int
    package var diskFilesMax: Int
    package var outputBytesMax: Int
    package var codeBytesMax: Int
    package var filesMax: Int
    package var filesBytesMax: Int

    private static let memory = Check<Int>.within(67_108_864...1_099_511_627_776)
    private static let disk = Check<Int>.within(1_048_576...17_179_869_184)

    package static let object = Object(
        "CageLimits", isComponent: false, Self.init,
        Field("seconds_max", \.secondsMax, default: 30, check: .within(1...3_600), "How long a call may take."),
        Field(
            "cpu_seconds_max", \.cpuSecondsMax, default: 10, check: .within(1...3_600),
            "What its processes may compute together."),
        Field(
            "memory_bytes_max", \.memoryBytesMax, default: 536_870_912, check: memory,
            "Memory of its processes together, and of the files below /job."),
        Field(
            "processes_max", \.processesMax, default: 32, check: .within(4...4_096),
            "Processes and threads at once; two are the cage's own."),
        Field(
            "disk_bytes_max", \.diskBytesMax, default: 67_108_864, check: disk,
            "Size of /job, the folder that the code may write to."),
        Field(
            "disk_files_max", \.diskFilesMax, default: 4_096, check: .within(16...1_000_000),
            "Files and folders below /job."),
        Field(
            "output_bytes_max", \.outputBytesMax, default: 65_536, check: .within(1_024...16_777_216),
            "What it may write to standard output and standard error together."),
        Field(
            "code_bytes_max", \.codeBytesMax, default: 65_536, check: .within(1_024...1_048_576),
            "Length of the code."),
        Field("files_max", \.filesMax, default: 8, check: .within(0...64), "PNG files that a result may have."),
        Field(
            "files_bytes_max", \.filesBytesMax, default: 4_194_304, check: .within(0...67_108_864),
            "Bytes of these files together."))
}
