// The version of this program.

/// Semantic version; equal to the topmost release in CHANGELOG.md.
package let edgeVersion = "0.1.0"
