// The body of an answer as it comes: JSON without the pictures inside it, or the bytes of a result.

/// Tells by the first bytes what a body is, and keeps it in the way that fits. Blocks while it writes to files.
struct ReplyBody {
    /// What is known at the end.
    struct Parts: Equatable {
        var body: [UInt8] = []
        /// The whole of a body that is not JSON.
        var whole: ResultBytes?
        var pictures: [ResultBytes?] = []
    }

    /// White space before the first byte that tells something.
    private var lead: [UInt8] = []
    private static let leadBytesMax = 512
    private var tap: JSONTap?
    private var spool: Spool?

    /// The same, without a copy where the first piece of a result is all of it, as small ones are.
    mutating func take(_ piece: [UInt8]) throws(SpoolError) {
        if tap == nil, spool == nil, lead.isEmpty, let first = piece.first, !Self.isLead(first), !Self.isJSON(first) {
            spool = try Spool(piece)
        } else {
            try piece.withBytes { (piece) throws(SpoolError) in try take(piece) }
        }
    }

    mutating func take(_ piece: UnsafeRawBufferPointer) throws(SpoolError) {
        var piece = piece
        if tap == nil, spool == nil {
            guard let first = piece.firstIndex(where: { !Self.isLead($0) }),
                lead.count + first <= Self.leadBytesMax
            else {
                lead += piece
                if lead.count > Self.leadBytesMax { try beResult() }
                return
            }
            if Self.isJSON(piece[first]) {
                tap = JSONTap()
                piece = UnsafeRawBufferPointer(rebasing: piece[first...])
            } else {
                try beResult()
            }
        }
        try tap?.take(piece)
        try spool?.append(piece)
    }

    /// White space and the bytes of a byte order mark.
    private static func isLead(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF: true
        default: false
        }
    }

    private static func isJSON(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") }

    private mutating func beResult() throws(SpoolError) {
        var spool = Spool()
        try lead.withBytes { (lead) throws(SpoolError) in try spool.append(lead) }
        self.spool = spool
        lead = []
    }

    var parts: Parts {
        if let tap { return Parts(body: tap.json, pictures: tap.pictures) }
        guard let spool else { return Parts(body: lead) }
        return Parts(body: spool.head, whole: spool.result)
    }
}
