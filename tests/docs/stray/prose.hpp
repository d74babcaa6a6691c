#pragma once

/// What is stored here is no value, and it is read anew.
