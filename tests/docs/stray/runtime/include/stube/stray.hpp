#pragma once

/// A header for the test of the check. No source contains its example.
///
///     int not_compiled_anywhere[] = {1, 2};
///
/// ```js
/// let passed_over = true;
/// ```
