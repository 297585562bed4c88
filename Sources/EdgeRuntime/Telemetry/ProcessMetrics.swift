// What the kernel knows of this process: memory, processor time, descriptors.
internal import CivilTime
package import EdgeLoop
internal import Glibc

/// The metrics that every Prometheus client gives of its process.
@LoopActor
package enum ProcessMetrics {
    /// Adds them to `metrics`; they are read when the text is made.
    package static func add(to metrics: Metrics) {
        let started = Double(Timestamp.now().milliseconds) / 1000
        metrics.observed("process_start_time_seconds", "Start of the process since 1970.") { started }
        metrics.observed("process_cpu_seconds_total", "User and system time.", type: "counter", cpuSeconds)
        metrics.observed("process_resident_memory_bytes", "Resident memory.", residentBytes)
        metrics.observed("process_open_fds", "Open descriptors.", openDescriptors)
    }

    private static func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let micros = Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + micros / 1e6
    }

    private static func residentBytes() -> Double {
        guard let file = fopen("/proc/self/statm", "re") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
        let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Double(fields[1]) ?? 0) * Double(sysconf(Int32(_SC_PAGESIZE))) : 0
    }

    private static func openDescriptors() -> Double {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return Double(max(count - 3, 0))  // without ".", ".." and the descriptor that lists them
    }
}
