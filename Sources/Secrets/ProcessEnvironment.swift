// The environment that this process was started with.
internal import Glibc

/// Reads the environment, without Foundation.
public enum ProcessEnvironment {
    /// Name to value, as it was when the process started; bytes that are not UTF-8 become replacement characters.
    /// The kernel's copy is read, because libc's `environ` may not be touched while another thread changes it.
    public static func atStart() -> [String: String] {
        guard let bytes = try? SettingsFile.bytes(of: "/proc/self/environ")?.bytes else { return [:] }
        var environment: [String: String] = [:]
        for entry in bytes.split(separator: 0) {
            guard let equals = entry.firstIndex(of: .equals), equals > entry.startIndex else { continue }
            let name = String(decoding: entry[..<equals], as: UTF8.self)
            // The first of two entries counts, as it does for getenv.
            if environment[name] == nil { environment[name] = String(decoding: entry[(equals + 1)...], as: UTF8.self) }
        }
        return environment
    }
}
