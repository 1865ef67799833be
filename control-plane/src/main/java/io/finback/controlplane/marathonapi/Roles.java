package io.finback.controlplane.marathonapi;

import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.scheduler.AppDefinition;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.scheduler.AppRules;
import io.finback.controlplane.scheduler.AppVersion;
import io.finback.controlplane.scheduler.Homes;
import io.finback.controlplane.service.ServicesView;
import java.util.List;
import java.util.Optional;

/**
 * Which role an app has: what it says, else that of its top-level group where the group enforces it, else the one set for all. Source:
 * Marathon's RoleSettings.
 */
final class Roles {
    private static final String ANY = "*";

    private final ServicesView view;
    private final String standard;

    Roles(ServicesView view, String standard) {
        this.view = view;
        this.standard = standard;
    }

    static boolean isTop(String group) {
        return AppPath.segments(group).size() == 1;
    }

    AppDefinition resolved(AppDefinition read) {
        return resolved(read, Optional.empty());
    }

    /**
     * With its role. Refuses a role that the group does not allow, and a change that the app's volumes do not.
     *
     * @param enforced what the group says in the same request; empty: nothing
     */
    AppDefinition resolved(AppDefinition read, Optional<Boolean> enforced) {
        List<String> segments = AppPath.segments(read.id());
        String top = segments.get(0);
        boolean enforces = segments.size() > 1 && enforced.orElseGet(() -> view.enforcesRole("/" + top));
        Optional<AppDefinition> before =
                view.any(read.id()).flatMap(AppSnapshot::current).map(AppVersion::definition);
        Optional<String> given = read.options().role();
        boolean kept = given.isPresent() && given.equals(before.map(AppDefinition::role));
        if (given.isPresent() && enforces && !given.get().equals(top) && !kept) {
            throw ApiFailure.rule(
                    "/role",
                    "'" + given.get() + "' (expected: '" + top + "', as group /" + top + " enforces its role)");
        }
        String role = given.orElse(enforces ? top : standard);
        AppDefinition resolved =
                role.equals(ANY) ? read : read.withOptions(read.options().withRole(role));
        Problems problems = new Problems();
        problems.rules(AppRules.ofRole(resolved));
        problems.check();
        before.flatMap(old -> Homes.objection(old, resolved)).ifPresent(why -> {
            throw ApiFailure.rule("/", why);
        });
        return resolved;
    }
}
