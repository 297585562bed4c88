// Why the host does not start: one line for the operator.

/// A reason to exit with status 1. The text says what happened and what to do.
package struct HostError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
