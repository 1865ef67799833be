package io.finback.controlplane.mesosapi.subscribe;

import akka.http.javadsl.model.HttpRequest;
import io.finback.security.Action;
import io.finback.security.Guard;
import io.finback.security.Principal;
import io.finback.security.Rules;
import java.util.List;
import java.util.Optional;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.scheduler.Protos.Call;

/** Who a framework is, and which roles it may have. Source: apache/mesos {@code src/master/http.cpp}, {@code Master::Http::scheduler}. */
final class Principals {
    private final Rules rules;

    Principals(Rules rules) {
        this.rules = rules;
    }

    /**
     * The call with the principal that was shown, where it does not say one itself: a framework has the rights of its principal. 400 for one that
     * says another.
     */
    static Call inItsName(Call call, HttpRequest request) {
        Optional<String> principal = Guard.principal(request).map(Principal::name);
        boolean subscribes = call.getType() == Call.Type.SUBSCRIBE;
        if (principal.isEmpty() || !(subscribes || call.getType() == Call.Type.UPDATE_FRAMEWORK)) {
            return call;
        }
        Protos.FrameworkInfo info = subscribes
                ? call.getSubscribe().getFrameworkInfo()
                : call.getUpdateFramework().getFrameworkInfo();
        if (info.hasPrincipal()) {
            check(info.getPrincipal(), principal.get());
            return call;
        }
        Call.Builder named = call.toBuilder();
        (subscribes
                        ? named.getSubscribeBuilder().getFrameworkInfoBuilder()
                        : named.getUpdateFrameworkBuilder().getFrameworkInfoBuilder())
                .setPrincipal(principal.get());
        return named.build();
    }

    /** A framework cannot speak in another's name. */
    private static void check(String said, String shown) {
        if (!said.equals(shown)) {
            throw new CallFailure(
                    400,
                    "Failed to validate scheduler::Call: Authenticated principal '" + shown
                            + "' does not match principal '" + said + "' set in `FrameworkInfo`");
        }
    }

    /** Why it may not have its roles; empty: it may. */
    @SuppressWarnings("deprecation") // `role`, which frameworks without MULTI_ROLE have
    Optional<String> forbiddenRole(Protos.FrameworkInfo info, HttpRequest request) {
        List<String> roles = info.getRolesCount() > 0 ? info.getRolesList() : List.of(info.getRole());
        Optional<Principal> principal = Guard.principal(request);
        return roles.stream()
                .filter(role -> !rules.allows(principal, Action.REGISTER_FRAMEWORK, role))
                .findFirst()
                .map(role -> "Not authorized to use role '" + role + "'");
    }
}
