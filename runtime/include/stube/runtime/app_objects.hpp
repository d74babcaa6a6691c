#pragma once

#include <algorithm>
#include <concepts>
#include <typeinfo>
#include <utility>
#include <vector>

namespace stube {

/// References to the objects of the application, at most one of each type, for `context::app`. The
/// objects must outlive every copy of this value.
class app_objects {
public:
    app_objects() = default;

    template <class T>
        requires(!std::same_as<T, app_objects>)
    explicit app_objects(T& object) {
        add(object);
    }

    /// Adds an object, in place of another one of the same type.
    template <class T>
    void add(T& object) {
        add(&object, typeid(T));
    }

    void add(void* object, const std::type_info& type) {
        const auto found =
            std::ranges::find_if(all_, [&](const auto& each) { return *each.first == type; });
        if (found != all_.end())
            found->second = object;
        else
            all_.emplace_back(&type, object);
    }

    /// Null if there is no object of the type.
    template <class T>
    T* find() const {
        for (const auto& [type, object] : all_)
            if (*type == typeid(T)) return static_cast<T*>(object);
        return nullptr;
    }

private:
    std::vector<std::pair<const std::type_info*, void*>> all_;
};

}  // namespace stube
