package io.finback.controlplane.marathonapi;

import io.finback.controlplane.app.ServiceEvent;
import io.finback.controlplane.scheduler.AppPath;
import io.finback.controlplane.service.Access;
import io.finback.security.Action;
import io.finback.security.Principal;
import io.finback.security.Rules;
import io.finback.security.Sight;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What one principal may do with apps, pods and groups, in Marathon's model: who may not is answered 403 with its words, whether or not there is such
 * an app.
 */
final class Rights implements Access {
    private static final Action[] ALL = {
        Action.VIEW_APP, Action.CREATE_APP, Action.UPDATE_APP, Action.DELETE_APP, Action.VIEW_JOB
    };

    private final Rules rules;
    private final Optional<Principal> who;
    private final Sight sight;

    Rights(Rules rules, Optional<Principal> who) {
        this.rules = rules;
        this.who = who;
        this.sight = rules.sight(who);
    }

    /** Nothing of any app is hidden or refused. */
    boolean isWhole() {
        return sight.isWhole(ALL);
    }

    @Override
    public boolean sees(String path) {
        return sight.sees(Action.VIEW_APP, path);
    }

    /** Nothing that is reserved for a role is hidden. */
    boolean seesAllRoles() {
        return sight.isWhole(Action.VIEW_ROLE);
    }

    @Override
    public boolean seesRole(String role) {
        return sight.sees(Action.VIEW_ROLE, role);
    }

    boolean seesJob(String name) {
        return sight.sees(Action.VIEW_JOB, name);
    }

    @Override
    public void create(String path) {
        require(Action.CREATE_APP, path);
    }

    @Override
    public void update(String path) {
        require(Action.UPDATE_APP, path);
    }

    @Override
    public void delete(String path) {
        require(Action.DELETE_APP, path);
    }

    private void require(Action action, String path) {
        if (!rules.allows(who, action, path)) {
            throw forbidden();
        }
    }

    static ApiFailure forbidden() {
        return ApiFailure.of(403, "Not Authorized to perform this action!");
    }

    /**
     * 403 for a request about something below {@code path} that is neither it nor above it nor in it what this principal may see or, for a
     * change, change.
     *
     * @param path segments of an app's, pod's or group's path, and perhaps words after it
     * @param isThere whether this principal sees something at it
     */
    void checkPath(List<String> path, boolean reads, Supplier<Boolean> isThere) {
        if (path.isEmpty() || (reads && isThere.get())) {
            return;
        }
        StringBuilder above = new StringBuilder();
        boolean any = false;
        for (String segment : path) {
            above.append('/').append(segment);
            any |= reads ? sees(above.toString()) : changes(above.toString());
        }
        if (!any) {
            // Asked again so that it is written down.
            require(reads ? Action.VIEW_APP : Action.UPDATE_APP, above.toString());
        }
    }

    private boolean changes(String path) {
        return sight.sees(Action.UPDATE_APP, path)
                || sight.sees(Action.CREATE_APP, path)
                || sight.sees(Action.DELETE_APP, path);
    }

    /** What is shown of an event; empty: nothing. What is of no app is shown, but for what is of other clients. */
    Optional<ServiceEvent> shown(ServiceEvent event) {
        if (event instanceof ServiceEvent.DeploymentChanged changed) {
            return deployment(changed);
        }
        if (event instanceof ServiceEvent.CallbackChanged || event instanceof ServiceEvent.StreamChanged) {
            return Optional.empty();
        }
        return about(event).map(this::sees).orElse(true) ? Optional.of(event) : Optional.empty();
    }

    private Optional<ServiceEvent> deployment(ServiceEvent.DeploymentChanged changed) {
        List<String> apps = changed.plan().apps();
        if (apps.stream().allMatch(this::sees)) {
            return Optional.of(changed);
        }
        return apps.stream().anyMatch(this::sees)
                ? Optional.of(new ServiceEvent.DeploymentChanged(
                        changed.id(),
                        changed.at(),
                        changed.progress(),
                        changed.plan().slice(this::sees),
                        changed.step(),
                        Optional.empty()))
                : Optional.empty();
    }

    /** The path it is about; empty: of none. */
    private static Optional<String> about(ServiceEvent event) {
        if (event instanceof ServiceEvent.TaskChanged one) {
            return Optional.of(one.appId());
        } else if (event instanceof ServiceEvent.InstanceChanged one) {
            return Optional.of(one.appId());
        } else if (event instanceof ServiceEvent.HealthChanged one) {
            return Optional.of(one.appId());
        } else if (event instanceof ServiceEvent.InstanceHealthChanged one) {
            return Optional.of(one.appId());
        } else if (event instanceof ServiceEvent.CheckFailed one) {
            return Optional.of(one.appId());
        } else if (event instanceof ServiceEvent.UnhealthyKilled one) {
            return Optional.of(one.appId());
        } else if (event instanceof ServiceEvent.CheckAdded one) {
            return Optional.of(one.appId());
        } else if (event instanceof ServiceEvent.CheckRemoved one) {
            return Optional.of(one.appId());
        } else if (event instanceof ServiceEvent.AppTerminated one) {
            return Optional.of(one.appId());
        } else if (event instanceof ServiceEvent.UnknownEnded one) {
            return Optional.of(one.appId());
        } else if (event instanceof ServiceEvent.GroupChanged one) {
            return Optional.of(one.path());
        } else if (event instanceof ServiceEvent.ApiPosted one) {
            return Optional.of(one.app().definition().id());
        } else if (event instanceof ServiceEvent.PodChanged one) {
            return Optional.of(pod(one.uri()));
        }
        return Optional.empty();
    }

    /** Its path, from the URI that was asked for; whoever makes one names none there. */
    private static String pod(String uri) {
        List<String> segments = AppPath.segments(uri);
        return "/" + String.join("/", segments.subList(Math.min(2, segments.size()), segments.size()));
    }
}
