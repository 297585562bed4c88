// What job files tell of work that counts against limits.
internal import Callers
internal import CivilTime
internal import JSON

/// Each work once: one file of its jobs has its serial. A host without limits may have begun again with lower ones, so the work's own id
/// tells one from another.
struct AcceptedWork {
    struct Work {
        let caller: Caller
        let function: String
        let created: Timestamp
        let serial: Int64
    }

    private var works: [String: Work] = [:]

    /// The highest one.
    private(set) var serial: Int64 = 0

    mutating func note(_ document: JSONObject) {
        guard let serial = document["serial"]?.integer, let function = document["function"]?.string,
            let id = document["generation"]?.string,
            let caller = document["caller"].flatMap({ Caller($0) }),
            let created = document["created"]?.string.flatMap({ Timestamp(iso8601: $0) })
        else { return }
        works[id] = Work(caller: caller, function: function, created: created, serial: serial)
        self.serial = max(self.serial, serial)
    }

    /// Those beyond a serial, in the order in which they were accepted.
    func after(_ serial: Int64) -> [Work] {
        works.values.filter { $0.serial > serial }.sorted { $0.serial < $1.serial }
    }
}
