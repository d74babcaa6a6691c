#pragma once

#include <stube/runtime/cause.hpp>

#include <boost/json/value.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The record of a cause, for the archive.
///
/// One JSON object. `kind` is the name of the cause. `principal` is the user who caused the change,
/// with `roles` if there are any; without such a user, the owner of the conversation. `clock_shift`
/// is `environment::clock_shift` in milliseconds, if that is not 0. `random` is the seed of
/// `context::random` as 16 hexadecimal digits, if the turn has used it. The time of the commit is a
/// column of its own.
///
///     {"kind":"visit","principal":"ada","mount":"/claims","component":"claim","state":{…}}
///     {"kind":"restored","principal":"ada","mount":"/claims","from":"4fQ","head":7}
///     {"kind":"event","principal":"ada","id":"00c0ffee00000007","component":"claim","instance":1,
///      "member":"approve","arguments":[17],"fields":[["i1-amount","120"]],
///      "page":{"step":2,"revision":5},"failed":true}
///     {"kind":"navigation","principal":"ada","id":"00c0ffee00000008","to":3}
///     {"kind":"timers","principal":"ada"}
///     {"kind":"message","principal":"ada","topic":"news","arguments":["hello"]}
///     {"kind":"work_result","principal":"ada","number":4,"value":12}
///     {"kind":"work_failure","principal":"ada","number":4,"why":"This could not be completed."}
///     {"kind":"restart","principal":"ada"}
///     {"kind":"seen","principal":"ada"}
///     {"kind":"removal","principal":"ada","text":"This page was not used for a long time."}
///     {"kind":"naming","principal":"ada","alias":"order-4711"}
///     {"kind":"function","principal":"ada"}
///
/// "value" is absent for work that returns nothing. "not_recorded" replaces it if the value has no
/// JSON. "last_page" is the HTML of the last page, if the conversation ends. Secret fields and
/// arguments are null, and the secret values in a result are masked. "from" and "head" are the
/// origin of a fork. "page" is present for a submission without scripts. "failed" is present if the
/// member threw, and only the submitted fields were kept. "arguments" of a message are text if they
/// are not a JSON array. "to" and "why" are absent where they are empty.
namespace stube::kernel {

/// The instance and the field that the name of a form value contains, such as "i7-amount".
struct field_name {
    instance_id instance = 0;
    std::string_view field;  ///< a view into the name
};

std::optional<field_name> parse_field_name(std::string_view name);

/// `before` is the conversation before the change, and `result` the outcome with that cause. The
/// `next` of a failed outcome is not used.
std::string encode_event(
    const conversation& before,
    const any_cause& why,
    const environment& env,
    const outcome& result
);

/// A cause as it was recorded, with the recorded part of its environment.
struct recorded_event {
    any_cause cause;
    std::chrono::milliseconds clock_shift = {};
    std::optional<std::uint64_t> random;  ///< the seed that the turn has used
    bool is_typed_only = false;           ///< see `outcome::is_typed_only`
    std::optional<std::string> last_page;
    /// True if the record lacks secret values. They are default values of their types here.
    bool has_masked = false;
    /// The reason why the cause cannot be applied again; empty if it can.
    std::string missing = {};
};

/// The inverse of `encode_event`. `before` is the conversation before the change. A function of the
/// application and the state of a snapshot are not in a record, so their causes are `missing`.
/// `place` names the record in errors. Throws `decode_error`, also for a component that this
/// program does not have.
recorded_event decode_event(
    const boost::json::value& record,
    const conversation& before,
    std::string_view place = "event"
);

}  // namespace stube::kernel
