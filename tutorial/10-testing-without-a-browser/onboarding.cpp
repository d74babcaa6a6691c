#include "onboarding.hpp"

namespace standup {

using namespace stube::html;

namespace {

const ui::choices roles{"developer", "designer", "tester"};

std::string summary(const person& of) {
    return of.name + " joins the team as " + of.role + ".";
}

}  // namespace

answers<std::string> ask_name::next() {
    if (!name.require("Enter a name")) return {};
    return answer(name.value());
}

markup ask_name::render() const {
    return section(
        class_("card"),
        h1("Who is new?"),
        form(
            on<"submit", &ask_name::next>,
            novalidate(),
            ui::input_for<&ask_name::name>(*this, "Name", autofocus()),
            div(class_("actions"), button("Next"))
        )
    );
}

effects onboarding::start() {
    return call<ask_name>(who.name).then<&onboarding::named>();
}

effects onboarding::named(const std::string& name) {
    who.name = name;
    return call<ui::choose>("What does " + name + " do?", roles, "Another name")
        .then<&onboarding::chosen>();
}

effects onboarding::chosen(const std::optional<std::string>& role) {
    if (!role) return start();
    who.role = *role;
    return call<ui::confirm>(summary(who), "Right", "Begin again").then<&onboarding::confirmed>();
}

answers<person> onboarding::confirmed(bool yes) {
    if (!yes) return start();
    return answer(who);
}

}  // namespace standup
