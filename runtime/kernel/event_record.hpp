#pragma once

#include <stube/runtime/cause.hpp>

#include <string>

/// The record of a cause, for the archive.
///
/// One JSON object. `kind` is the name of the cause. `principal` is the user who caused the change,
/// with `roles` if there are any; without such a user, the owner of the conversation. `clock_shift`
/// is `environment::clock_shift` in milliseconds, if that is not 0. The time of the commit is a
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

/// `before` is the conversation before the change, and `result` the outcome with that cause.
std::string encode_event(
    const conversation& before,
    const any_cause& why,
    const environment& env,
    const outcome& result
);

}  // namespace stube::kernel
