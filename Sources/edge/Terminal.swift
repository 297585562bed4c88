// Words to the person who runs the command.
internal import Glibc

enum Terminal {
    static func say(_ text: String) { write(text, to: STDOUT_FILENO) }

    static func fail(_ text: String, status: Int32) -> Never {
        write(text, to: STDERR_FILENO)
        exit(status)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        let line = text.hasSuffix("\n") || text.isEmpty ? text : text + "\n"
        write(Array(line.utf8), to: descriptor)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    /// Writes text as it is, without an end of line.
    static func write(_ text: String) { write(Array(text.utf8), to: STDOUT_FILENO) }

    /// The same to stderr.
    static func warn(_ text: String) { write(Array(text.utf8), to: STDERR_FILENO) }

    /// Prints both texts of a command and ends the process.
    static func finish(output: String, errors: String, status: Int32) -> Never {
        write(errors, to: STDERR_FILENO)
        write(output, to: STDOUT_FILENO)
        exit(status)
    }
}
