#include "step.hpp"

namespace sequences {

const char* name_of(act what) {
    switch (what) {
    case act::add:
        return "add";
    case act::add_line:
        return "add_line";
    case act::drop_line:
        return "drop_line";
    case act::bump:
        return "bump";
    case act::ask:
        return "ask";
    case act::reply:
        return "reply";
    case act::deeper:
        return "deeper";
    case act::other:
        return "other";
    case act::fail:
        return "fail";
    case act::name:
        return "name";
    case act::finish:
        return "finish";
    case act::repeat:
        return "repeat";
    case act::back:
        return "back";
    case act::go:
        return "go";
    case act::write_alias:
        return "write_alias";
    case act::begin:
        return "begin";
    case act::fork:
        return "fork";
    case act::copy:
        return "copy";
    case act::pass:
        return "pass";
    case act::trim:
        return "trim";
    case act::restart:
        return "restart";
    }
    return "";
}

bool is_event(act what) {
    return what <= act::finish;
}

std::string text_of(const step& one) {
    std::string text = name_of(one.what);
    if (one.what < act::begin || one.what == act::fork || one.what == act::copy)
        text += " conversation=" + std::to_string(one.conversation);
    if (one.target != 0) text += " target=" + std::to_string(one.target);
    if (one.value != 0) text += " value=" + std::to_string(one.value);
    if (!one.text.empty()) text += " text=" + one.text;
    return text;
}

}  // namespace sequences
