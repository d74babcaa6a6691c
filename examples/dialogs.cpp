#include "dialogs.hpp"

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

std::string answer_text(const std::optional<std::string>& answer) {
    return answer ? "“" + *answer + "”" : "cancelled";
}

markup answer_row(const dialog_answer& each) {
    return fragment(dt(each.dialog), dd(each.answer));
}

}  // namespace

effects dialogs::begin() {
    answers.clear();
    return call<ui::confirm>("Would you like something to drink?").then<&dialogs::wanted>();
}

effects dialogs::wanted(bool yes) {
    answers.push_back({"Confirm", yes ? "yes" : "no"});
    return call<ui::prompt>("What is your name?").then<&dialogs::named>();
}

effects dialogs::named(const std::optional<std::string>& name) {
    answers.push_back({"Prompt", answer_text(name)});
    const ui::choices drinks{"Tea", "Coffee", {"Juice", "Orange juice"}};
    return call<ui::choose>("What would you like?", drinks).then<&dialogs::chosen>();
}

effects dialogs::chosen(const std::optional<std::string>& drink) {
    answers.push_back({"Choose", answer_text(drink)});
    return call<ui::info>(drink ? "Your drink is on its way." : "Another time, then.");
}

markup dialogs::render() const {
    return section(
        class_("card"),
        h1("Dialogs"),
        p(class_("muted"), "A question, a line of text, a choice and a message."),
        when(!answers.empty(), dl(class_("receipt"), each(answers, answer_row))),
        div(class_("actions"),
            button(on<"click", &dialogs::begin>, answers.empty() ? "Begin" : "Once more"))
    );
}

}  // namespace gallery
