// What job files tell of work that counts against limits.
internal import Callers
internal import CivilTime
internal import JSON

/// Each work once, by its serial, which one file of its jobs has.
struct AcceptedWork {
    struct Work {
        let caller: Caller
        let function: String
        let created: Timestamp
    }

    private(set) var bySerial: [Int64: Work] = [:]

    /// The highest one.
    var serial: Int64 { bySerial.keys.max() ?? 0 }

    mutating func note(_ document: JSONObject) {
        guard let serial = document["serial"]?.integer, let function = document["function"]?.string,
            let caller = document["caller"].flatMap({ Caller($0) }),
            let created = document["created"]?.string.flatMap({ Timestamp(iso8601: $0) })
        else { return }
        bySerial[serial] = Work(caller: caller, function: function, created: created)
    }

    /// Those beyond a serial, in the order in which they were accepted.
    func after(_ serial: Int64) -> [Work] {
        bySerial.filter { $0.key > serial }.sorted { $0.key < $1.key }.map(\.value)
    }
}
