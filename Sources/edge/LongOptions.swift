// Long options by glibc's getopt_long.
@preconcurrency internal import CGetopt  // its results are C globals, read here before any other thread exists
internal import Glibc

/// What a command's arguments say.
struct LongOptions {
    /// Each option with its value, in order; a flag's value is empty.
    private(set) var values: [(name: String, value: String)] = []
    /// What is no option.
    private(set) var rest: [String] = []

    /// getopt has said on stderr what is wrong.
    struct Refused: Error {}

    /// - Parameters:
    ///   - command: what error lines begin with: "edge serve".
    ///   - names: the long options that take a value.
    ///   - flags: the long options that take none.
    init(_ arguments: [String], of command: String, names: [String], flags: [String] = []) throws {
        let strings = ([command] + arguments).map { strdup($0) } + [nil]
        let labels = (names + flags).map { strdup($0) }
        defer { for string in strings + labels { free(string) } }
        var options = labels.enumerated().map { index, label in
            option(
                name: label,
                has_arg: index < names.count ? required_argument : no_argument,
                flag: nil,
                val: Int32(256 + index)
            )
        }
        options.append(option())
        optind = 0  // 0, not 1: glibc then forgets an earlier scan
        var pointers = strings
        while true {
            let found = getopt_long(Int32(strings.count - 1), &pointers, "", options, nil)
            if found == -1 { break }
            guard found >= 256 else { throw Refused() }
            values.append(((names + flags)[Int(found) - 256], optarg.map { String(cString: $0) } ?? ""))
        }
        // getopt_long has moved what is no option to the end.
        rest = pointers[Int(optind)..<(strings.count - 1)].compactMap { $0.map { String(cString: $0) } }
    }

    func last(_ name: String) -> String? { values.last { $0.name == name }?.value }
    func all(_ name: String) -> [String] { values.filter { $0.name == name }.map(\.value) }
}
