#pragma once

#include <stube/runtime/markup.hpp>

#include <string>
#include <string_view>
#include <type_traits>

/// The elements and attributes of HTML. Each element is a function of its attributes and children,
/// in any order: `p(class_("note"), "Hello ", strong(name))`. The functions are templates, so that
/// `div`, `time` and `select` overload with the functions of C. `time(nullptr)` still calls C's.
///
/// Put a component with the name of an element or attribute (`label`, `article`, `list`) into a
/// namespace. In the global namespace, after `using namespace stube::html`, the compiler reports
/// the name as ambiguous. There, write `BOOST_DESCRIBE_STRUCT(::label, ...)` and `call<::label>()`.
///
/// The elements `script`, `style` and `iframe` and the `on...` attributes are left out on purpose.
/// Events go to members of the component (`on<"click", &counter::inc>`), and the content security
/// policy allows no inline scripts or styles.
namespace stube::html {

// Lists of names.
// clang-format off
#define STUBE_ELEMENT(tag)                                                                \
    template <class... Parts>                                                             \
        requires(!std::is_null_pointer_v<Parts> && ...)                                   \
    markup tag(const Parts&... parts) {                                                   \
        return stube::detail::element(#tag, detail::content::children, parts...);         \
    }
#define STUBE_VOID_ELEMENT(tag)                                                           \
    template <class... Parts>                                                             \
        requires(!std::is_null_pointer_v<Parts> && ...)                                   \
    markup tag(const Parts&... parts) {                                                   \
        return stube::detail::element(#tag, detail::content::none, parts...);             \
    }

STUBE_ELEMENT(a) STUBE_ELEMENT(abbr) STUBE_ELEMENT(address) STUBE_ELEMENT(article)
STUBE_ELEMENT(aside) STUBE_ELEMENT(b) STUBE_ELEMENT(bdi) STUBE_ELEMENT(bdo)
STUBE_ELEMENT(blockquote) STUBE_ELEMENT(button) STUBE_ELEMENT(caption) STUBE_ELEMENT(cite)
STUBE_ELEMENT(code) STUBE_ELEMENT(data) STUBE_ELEMENT(dd) STUBE_ELEMENT(del)
STUBE_ELEMENT(details) STUBE_ELEMENT(dfn) STUBE_ELEMENT(dialog) STUBE_ELEMENT(div)
STUBE_ELEMENT(dl) STUBE_ELEMENT(dt) STUBE_ELEMENT(em) STUBE_ELEMENT(fieldset)
STUBE_ELEMENT(figcaption) STUBE_ELEMENT(figure) STUBE_ELEMENT(footer) STUBE_ELEMENT(form)
STUBE_ELEMENT(h1) STUBE_ELEMENT(h2) STUBE_ELEMENT(h3) STUBE_ELEMENT(h4) STUBE_ELEMENT(h5)
STUBE_ELEMENT(h6) STUBE_ELEMENT(header) STUBE_ELEMENT(hgroup) STUBE_ELEMENT(i)
STUBE_ELEMENT(ins) STUBE_ELEMENT(kbd) STUBE_ELEMENT(label) STUBE_ELEMENT(legend)
STUBE_ELEMENT(li) STUBE_ELEMENT(mark) STUBE_ELEMENT(menu) STUBE_ELEMENT(meter)
STUBE_ELEMENT(nav) STUBE_ELEMENT(ol) STUBE_ELEMENT(optgroup) STUBE_ELEMENT(option)
STUBE_ELEMENT(output) STUBE_ELEMENT(p) STUBE_ELEMENT(picture)
STUBE_ELEMENT(progress) STUBE_ELEMENT(q) STUBE_ELEMENT(s) STUBE_ELEMENT(samp)
STUBE_ELEMENT(search) STUBE_ELEMENT(section) STUBE_ELEMENT(select) STUBE_ELEMENT(small)
STUBE_ELEMENT(span) STUBE_ELEMENT(strong) STUBE_ELEMENT(sub) STUBE_ELEMENT(summary)
STUBE_ELEMENT(sup) STUBE_ELEMENT(tbody) STUBE_ELEMENT(td)
STUBE_ELEMENT(tfoot) STUBE_ELEMENT(th) STUBE_ELEMENT(thead)
STUBE_ELEMENT(time) STUBE_ELEMENT(tr) STUBE_ELEMENT(u) STUBE_ELEMENT(ul) STUBE_ELEMENT(var)
STUBE_ELEMENT(video) STUBE_ELEMENT(audio)

STUBE_VOID_ELEMENT(area) STUBE_VOID_ELEMENT(br) STUBE_VOID_ELEMENT(col) STUBE_VOID_ELEMENT(hr)
STUBE_VOID_ELEMENT(img) STUBE_VOID_ELEMENT(input) STUBE_VOID_ELEMENT(source)
STUBE_VOID_ELEMENT(track) STUBE_VOID_ELEMENT(wbr)

// Parsers drop a newline at the beginning of these two elements, so `element` writes one for them.
#define STUBE_VERBATIM_ELEMENT(tag)                                                       \
    template <class... Parts>                                                             \
        requires(!std::is_null_pointer_v<Parts> && ...)                                   \
    markup tag(const Parts&... parts) {                                                   \
        return stube::detail::element(#tag, detail::content::verbatim, parts...);         \
    }

STUBE_VERBATIM_ELEMENT(pre) STUBE_VERBATIM_ELEMENT(textarea)

#undef STUBE_VERBATIM_ELEMENT
#undef STUBE_ELEMENT
#undef STUBE_VOID_ELEMENT

}  // namespace stube::html
// clang-format on

namespace stube::detail {

template <class T>
decltype(auto) in_tbody(const T& part) {
    if constexpr (is_component_list<T>) {
        return html::tbody(part);
    } else {
        return (part);
    }
}

}  // namespace stube::detail

namespace stube::html {

/// The element `table`. A list of rows, `table(rows)`, gets a `tbody` around it, because parsers
/// would insert one.
template <class... Parts>
    requires(!std::is_null_pointer_v<Parts> && ...)
markup table(const Parts&... parts) {
    return stube::detail::element(
        "table",
        stube::detail::content::children,
        stube::detail::in_tbody(parts)...
    );
}

/// The element `main`, whose name is reserved in C++.
template <class... Parts>
markup main_(const Parts&... parts) {
    return stube::detail::element("main", detail::content::children, parts...);
}

/// Any other attribute. `name` must outlive the attribute, so use a literal. An attribute with an
/// address (`href`, `src` and the like) is made as `address_attr` makes it. Throws
/// std::invalid_argument unless the name consists of letters, digits, '-', '_' and ':' and does not
/// begin with "on".
html_attribute attr(std::string_view name, std::string_view value);

/// An attribute with an address: http, https, mailto, tel, or a relative one. Any other scheme
/// (`javascript:`) becomes "about:blank", because addresses often come from data.
html_attribute address_attr(std::string_view name, std::string_view url);

html_attribute number_attr(std::string_view name, long long value);

inline html_attribute class_(std::string_view value) {
    return {"class", std::string(value)};
}

inline html_attribute for_(std::string_view value) {
    return {"for", std::string(value)};
}

// Lists of names.
// clang-format off
#define STUBE_TEXT(word) \
    inline html_attribute word(std::string_view text) { return {#word, std::string(text)}; }
#define STUBE_NUMBER(word) \
    inline html_attribute word(long long number) { return number_attr(#word, number); }
#define STUBE_ADDRESS(word) \
    inline html_attribute word(std::string_view url) { return address_attr(#word, url); }
#define STUBE_FLAG(word) \
    inline html_attribute word(bool present = true) { return {#word, std::nullopt, present}; }

STUBE_TEXT(accept) STUBE_TEXT(alt) STUBE_TEXT(autocomplete) STUBE_TEXT(colspan)
STUBE_TEXT(datetime) STUBE_TEXT(enctype) STUBE_TEXT(height) STUBE_TEXT(inputmode)
STUBE_TEXT(lang) STUBE_TEXT(list) STUBE_TEXT(max) STUBE_TEXT(maxlength) STUBE_TEXT(min)
STUBE_TEXT(minlength) STUBE_TEXT(name) STUBE_TEXT(pattern) STUBE_TEXT(placeholder)
STUBE_TEXT(rel) STUBE_TEXT(role) STUBE_TEXT(rows) STUBE_TEXT(cols) STUBE_TEXT(rowspan)
STUBE_TEXT(scope) STUBE_TEXT(size) STUBE_TEXT(sizes) STUBE_TEXT(spellcheck) STUBE_TEXT(srcset)
STUBE_TEXT(step) STUBE_TEXT(tabindex) STUBE_TEXT(target) STUBE_TEXT(title) STUBE_TEXT(type)
STUBE_TEXT(value) STUBE_TEXT(width) STUBE_TEXT(id) STUBE_TEXT(download) STUBE_TEXT(headers)

STUBE_NUMBER(colspan) STUBE_NUMBER(height) STUBE_NUMBER(max) STUBE_NUMBER(maxlength)
STUBE_NUMBER(min) STUBE_NUMBER(minlength) STUBE_NUMBER(rows) STUBE_NUMBER(cols)
STUBE_NUMBER(rowspan) STUBE_NUMBER(size) STUBE_NUMBER(step) STUBE_NUMBER(tabindex)
STUBE_NUMBER(value) STUBE_NUMBER(width)

STUBE_ADDRESS(href) STUBE_ADDRESS(src) STUBE_ADDRESS(action) STUBE_ADDRESS(formaction)
STUBE_ADDRESS(poster)

STUBE_FLAG(autofocus) STUBE_FLAG(checked) STUBE_FLAG(disabled) STUBE_FLAG(hidden)
STUBE_FLAG(multiple) STUBE_FLAG(novalidate) STUBE_FLAG(open) STUBE_FLAG(readonly)
STUBE_FLAG(required) STUBE_FLAG(reversed) STUBE_FLAG(selected)

#undef STUBE_TEXT
#undef STUBE_NUMBER
#undef STUBE_ADDRESS
#undef STUBE_FLAG
// clang-format on

}  // namespace stube::html
