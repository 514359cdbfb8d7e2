/// The release that this is: `--version` of each command.
package enum Release {
    package static let version = "0.1.0"
}
