// Who may end and remove a job.

extension Caller {
    /// What an operator's id begins with.
    package static let operatorPrefix = "operator:"

    /// Whether an operator's key says so.
    package var isOperator: Bool { isKnown && id.hasPrefix(Self.operatorPrefix) }

    /// Whether this caller may cancel and remove a job that `owner` has asked for. A stranger's job is anybody's who knows its
    /// id; that of a known caller is its own, and where it acted for an end user, that user's. An operator may end all of them.
    package func mayEnd(jobOf owner: Caller) -> Bool {
        !owner.isKnown || isOperator || id == owner.id && user == owner.user
    }
}
