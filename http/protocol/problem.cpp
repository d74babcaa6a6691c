#include "http/protocol/problem.hpp"

#include "http/protocol/text.hpp"

namespace stube::http {

problem conversation_problem(live::status status) {
    switch (status) {
    case live::status::just_ended:
    case live::status::gone:
        return {404, "This has ended", "This conversation has ended or was not used for too long."};
    case live::status::foreign:
        return {
            403,
            "Not yours",
            "This page belongs to another visitor, or to one who has signed out."
        };
    case live::status::lost:
        return {
            410,
            "This could not be kept",
            "The server was restarted, and this one could not be kept over the restart. "
            "What was finished before is not affected."
        };
    case live::status::unusable:
        return {
            503,
            "Not readable",
            "The stored data of this page cannot be read. It is kept unchanged, for the people who "
            "run this server."
        };
    case live::status::other_release:
        return {
            503,
            "Not now",
            "The data of this page was stored by another release of this application, and the "
            "present one cannot continue with it. It is kept unchanged. Please try again later."
        };
    case live::status::unknown_event:
        return {
            404,
            "Unknown action",
            "The server does not know this action. Please reload the page."
        };
    case live::status::bad_arguments:
        return {
            400,
            "Not understood",
            "The server could not use what the page sent; nothing was changed. Please reload the "
            "page."
        };
    case live::status::forbidden:
        return {
            403,
            "Waits for somebody else",
            "This step waits for somebody else. Nothing was changed."
        };
    case live::status::not_saved:
        return {
            507,
            "Not saved",
            "This could not be saved, so nothing was changed. Please try again in a moment."
        };
    case live::status::store_down:
        return {
            503,
            "Not now",
            "The server cannot save at the moment; nothing was changed. Please try again soon."
        };
    case live::status::overloaded:
        return {
            429,
            "Too much at once",
            "That was too much at once; nothing was changed. Please try again."
        };
    case live::status::ok:
    case live::status::ended:
    case live::status::repeated:
    case live::status::stale:
    case live::status::failed:
        break;
    }
    return http_problem(500);
}

problem conversation_problem_for(live::status status, const request& request) {
    const bool has_session = is_token(request.cookie(session_cookie));
    return status == live::status::foreign && !has_session ? needs_cookie()
                                                           : conversation_problem(status);
}

problem needs_cookie() {
    return {
        403,
        "A cookie is needed",
        "Your browser did not send this site's cookie, by which the server knows your page. Please "
        "allow cookies for this site and start again."
    };
}

problem http_problem(int status) {
    switch (status) {
    case 400:
        return {400, "Not understood", "The server could not understand this request."};
    case 403:
        return {403, "Refused", "This request came from another site and was refused."};
    case 404:
        return {404, "Not found", "There is nothing at this address."};
    case 405:
        return {405, "Not possible", "This address does not take requests of this kind."};
    case 408:
        return {408, "Too slow", "The request did not arrive in time."};
    case 413:
        return {413, "Too large", "The data that the page sent is too large; nothing was changed."};
    case 415:
        return {415, "Not understood", "Forms must be sent as application/x-www-form-urlencoded."};
    case 417:
        return {417, "Not possible", "The server cannot do what the Expect header asks for."};
    case 421:
        return {
            421,
            "Not served here",
            "This server does not serve the name that was asked for. Names that it serves are "
            "listed in the option \"hosts\" of the program."
        };
    case 431:
        return {431, "Too large", "The headers of this request are too large."};
    case 501:
        return {501, "Not possible", "The server does not know this transfer encoding."};
    default:
        return {
            500,
            "Something went wrong",
            "Something went wrong on the server; nothing was changed."
        };
    }
}

void append_problem_notice(std::string& out, const problem& problem, std::string_view restart) {
    out.append("<p role=\"alert\">").append(problem.text);
    if (!restart.empty()) {
        out += " <a href=\"";
        append_attribute(out, restart);
        out += "\">Start again</a>";
    }
    out += "</p>";
}

void append_problem_view(
    std::string& out,
    const problem& problem,
    std::string_view restart,
    std::string_view error_id
) {
    out.append("<section class=\"card\" role=\"alert\"><h1>").append(problem.title);
    out.append("</h1><p>").append(problem.text).append("</p>");
    if (!error_id.empty()) {
        out += "<p>Error ";
        append_attribute(out, error_id);
        out += "</p>";
    }
    if (!restart.empty()) {
        out += "<p><a href=\"";
        append_attribute(out, restart);
        out += "\">Start again</a></p>";
    }
    out += "</section>";
}

}  // namespace stube::http
