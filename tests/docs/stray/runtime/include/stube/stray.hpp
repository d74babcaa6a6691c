#pragma once

/// A header for the test of the check: its example stands in no source.
///
///     int not_compiled_anywhere[] = {1, 2};
///
/// ```js
/// let passed_over = true;
/// ```
