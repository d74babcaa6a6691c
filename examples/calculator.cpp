#include "calculator.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

constexpr std::size_t max_digits = 12;

/// Rounds to the digits of the display, so that 0.1 + 0.2 is 0.3.
std::string display_text(double number) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.12g", number);
    return text.data();
}

double compute(double left, char operation, double right) {
    switch (operation) {
    case '+':
        return left + right;
    case '-':
        return left - right;
    case '*':
        return left * right;
    default:
        return left / right;
    }
}

/// An element can have only one event, so each key gets an element of its own around the pad.
markup with_keys(markup pad) {
    std::vector keys{
        on<"keydown", &calculator::point>.key(".").key(","),
        on<"keydown", &calculator::equals>.key("=").key("Enter"),
        on<"keydown", &calculator::take_back>.key("Backspace"),
        on<"keydown", &calculator::clear>.key("Escape").key("Delete")
    };
    for (int n = 0; n <= 9; ++n)
        keys.push_back(on<"keydown", &calculator::digit>(n).key(std::to_string(n)));
    for (const auto* operation : {"+", "-", "*", "/"})
        keys.push_back(on<"keydown", &calculator::operate>(operation).key(operation));
    for (const auto& key : keys)
        pad = div(key.prevent(), pad);
    return pad;
}

markup digit_button(int n) {
    return button(class_("secondary"), on<"click", &calculator::digit>(n), n);
}

markup operation_button(const char* operation, std::string_view sign, std::string_view name) {
    return button(on<"click", &calculator::operate>(operation), attr("aria-label", name), sign);
}

}  // namespace

void calculator::digit(int which) {
    if (which < 0 || which > 9) return;
    if (is_done || shown == "0") shown.clear();
    if (shown.size() < max_digits) shown += std::to_string(which);
    is_done = false;
}

void calculator::point() {
    if (is_done) shown = "0";
    if (shown.find('.') == std::string::npos) shown += '.';
    is_done = false;
}

void calculator::operate(const std::string& with) {
    constexpr std::string_view known = "+-*/";
    if (with.size() != 1 || known.find(with) == std::string_view::npos) return;
    if (!is_done) equals();
    left = std::atof(shown.c_str());
    operation = with;
    is_done = true;
}

void calculator::equals() {
    const auto right = std::atof(shown.c_str());
    const bool is_possible = operation != "/" || right != 0;
    if (!operation.empty())
        shown = is_possible ? display_text(compute(left, operation.front(), right))
                            : "Cannot divide by 0";
    operation.clear();
    is_done = true;
}

void calculator::take_back() {
    if (is_done) return;
    shown.pop_back();
    if (shown.empty()) shown = "0";
}

markup calculator::render() const {
    auto pad =
        div(class_("pad"),
            button(class_("secondary wide"), on<"click", &calculator::clear>, "Clear"),
            button(
                class_("secondary"),
                on<"click", &calculator::take_back>,
                attr("aria-label", "Delete digit"),
                "⌫"
            ),
            operation_button("/", "÷", "Divided by"),
            each(std::array{7, 8, 9}, digit_button),
            operation_button("*", "×", "Times"),
            each(std::array{4, 5, 6}, digit_button),
            operation_button("-", "−", "Minus"),
            each(std::array{1, 2, 3}, digit_button),
            operation_button("+", "+", "Plus"),
            button(class_("secondary wide"), on<"click", &calculator::digit>(0), 0),
            button(
                class_("secondary"),
                on<"click", &calculator::point>,
                attr("aria-label", "Point"),
                "."
            ),
            button(on<"click", &calculator::equals>, attr("aria-label", "Equals"), "="));
    return section(
        class_("card"),
        h1("Calculator"),
        with_keys(div(output(tabindex(0), autofocus(), attr("aria-label", "Result"), shown), pad)),
        p(class_("muted"), "Or type: Enter is =, Escape clears.")
    );
}

}  // namespace gallery
