// How many descriptors this process may open.
internal import Glibc

/// The process's own limit on open descriptors.
public enum DescriptorLimit {
    /// Raises the soft limit to the hard one, at most `most`, and gives what is now allowed. Children get their own limit.
    @discardableResult
    public static func raise(most: Int = 1_048_576) -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(most))
        _ = setrlimit(resource, &limit)
        _ = getrlimit(resource, &limit)
        return Int(min(limit.rlim_cur, rlim_t(Int32.max)))
    }
}
