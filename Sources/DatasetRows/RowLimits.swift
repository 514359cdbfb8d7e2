/// The limits on rows.
package struct RowLimits: Sendable {
    /// One row as it is written; also what a reader holds in memory.
    package var rowBytesMax: Int
    package var columnsMax: Int
    package var rowsMax: Int

    package init(rowBytesMax: Int = 8 << 20, columnsMax: Int = 1_000, rowsMax: Int = 1_000_000_000) {
        (self.rowBytesMax, self.columnsMax, self.rowsMax) = (rowBytesMax, columnsMax, rowsMax)
    }
}
