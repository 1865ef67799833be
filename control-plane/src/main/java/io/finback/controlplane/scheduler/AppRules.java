package io.finback.controlplane.scheduler;

import io.finback.controlplane.scheduler.AppDefinition.PortDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** What makes a definition valid. Source: Marathon's AppValidation; messages as its clients know them. */
public final class AppRules {
    private static final Pattern PORT_NAME = Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
    private static final Set<String> PROTOCOLS = Set.of("tcp", "udp", "udp,tcp", "tcp,udp");
    /** One entity keeps them all, and its snapshot is one row: some 300 bytes each. Events and messages hold parts of them. */
    private static final int MAX_INSTANCES = 50_000;

    static final double MAX_AMOUNT = 1e12;

    private AppRules() {}

    /** {@code path} is a JSON path such as {@code /upgradeStrategy/minimumHealthCapacity}. */
    public record Violation(String path, String message) {}

    /** Everything that is wrong; empty when the definition may be taken. */
    public static List<Violation> check(AppDefinition app) {
        List<Violation> found = common(app);
        boolean both = app.cmd().isPresent() && !app.args().isEmpty();
        boolean neither = app.cmd().isEmpty() && app.args().isEmpty();
        if (both || (neither && !app.container().map(AppContainer::hasImage).orElse(false))) {
            found.add(new Violation(
                    "/", "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'."));
        }
        texts(found, app);
        atLeast(found, "/cpus", app.cpus(), 0);
        atLeast(found, "/mem", app.mem(), 0);
        atLeast(found, "/disk", app.disk(), 0);
        atLeast(found, "/gpus", app.gpus(), 0);
        boolean mapped = app.container().filter(AppContainer::mapsPorts).isPresent();
        ports(
                found,
                app.ports(),
                mapped ? "/container/portMappings" : "/portDefinitions",
                mapped ? "/servicePort" : "/port");
        app.killGrace().ifPresent(g -> atLeast(found, "/taskKillGracePeriodSeconds", seconds(g), 0));
        HealthRules.check(found, app);
        singleInstance(found, app);
        ContainerRules.check(found, app);
        OptionRules.check(found, app);
        return found;
    }

    /** What is wrong with the role of an app or a pod, once it is known which it has. */
    public static List<Violation> ofRole(AppDefinition app) {
        return OptionRules.roles(app, app.pod().isPresent() ? "/scheduling/placement" : "");
    }

    /** What apps and pods have in common; the paths are those of both. */
    static List<Violation> common(AppDefinition app) {
        List<Violation> found = new ArrayList<>();
        boolean pod = app.pod().isPresent();
        String scheduling = pod ? "/scheduling" : "";
        AppPath.problem(app.id()).ifPresent(why -> found.add(new Violation("/id", why)));
        String instances = pod ? "/scaling/instances" : "/instances";
        atLeast(found, instances, app.instances(), 0);
        if (app.instances() > MAX_INSTANCES) {
            found.add(new Violation(instances, "got " + app.instances() + ", expected " + MAX_INSTANCES + " or less"));
        }
        environment(found, pod ? "/environment" : "/env", app.env());
        noNul(found, "/user", app.user().orElse(""));
        String upgrade = pod ? "/scheduling/upgrade" : "/upgradeStrategy";
        share(found, upgrade + "/minimumHealthCapacity", app.upgrade().minimumHealthCapacity());
        share(found, upgrade + "/maximumOverCapacity", app.upgrade().maximumOverCapacity());
        AppDefinition.BackoffRule backoff = app.backoff();
        String delay = pod ? "/scheduling/backoff/" : "/";
        atLeast(found, delay + (pod ? "backoff" : "backoffSeconds"), seconds(backoff.initial()), 0);
        atLeast(found, delay + (pod ? "maxLaunchDelay" : "maxLaunchDelaySeconds"), seconds(backoff.max()), 0);
        atLeast(found, delay + "backoffFactor", backoff.factor(), 1);
        unreachable(found, scheduling, app.unreachable());
        String placement = pod ? "/scheduling/placement" : "";
        for (int i = 0; i < app.constraints().size(); i++) {
            String path = placement + "/constraints(" + i + ")";
            Constraints.problem(app.constraints().get(i)).ifPresent(why -> found.add(new Violation(path, why)));
        }
        if (app.dependencies().contains(app.id())) {
            found.add(new Violation("/dependencies", "must not contain the app itself: " + app.id()));
        }
        DeploymentDeadline.check(found, app.labels());
        SchedulingLabels.check(found, app.labels());
        DeploymentConduct.check(found, app.labels());
        return found;
    }

    /** What no process can be started with. */
    private static void texts(List<Violation> found, AppDefinition app) {
        noNul(found, "/cmd", app.cmd().orElse(""));
        for (int i = 0; i < app.args().size(); i++) {
            noNul(found, "/args(" + i + ")", app.args().get(i));
        }
    }

    static void environment(List<Violation> found, String path, Map<String, String> env) {
        env.forEach((name, value) -> {
            if (name.isEmpty() || name.indexOf('=') >= 0) {
                found.add(new Violation(path, "'" + name + "' (expected: a name without '=', not empty)"));
            }
            noNul(found, path, name);
            noNul(found, path + "/" + name, value);
        });
    }

    static void noNul(List<Violation> found, String path, String text) {
        if (text.indexOf('\0') >= 0) {
            found.add(new Violation(path.replace("\0", ""), "must not contain the character NUL"));
        }
    }

    private static void ports(List<Violation> found, List<PortDefinition> ports, String list, String number) {
        Set<Integer> numbers = new HashSet<>();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < ports.size(); i++) {
            PortDefinition port = ports.get(i);
            String path = list + "(" + i + ")";
            if (port.port() < 0 || port.port() > 65535) {
                found.add(new Violation(path + number, "got " + port.port() + ", expected 0 to 65535"));
            } else if (port.port() != 0 && !numbers.add(port.port())) {
                found.add(new Violation(list, "Ports must be unique."));
            }
            if (!PROTOCOLS.contains(port.protocol())) {
                found.add(
                        new Violation(path + "/protocol", "'" + port.protocol() + "' (expected: tcp, udp or udp,tcp)"));
            }
            Optional<String> name = port.name();
            if (name.filter(n -> !PORT_NAME.matcher(n).matches()).isPresent()) {
                found.add(new Violation(
                        path + "/name", "must fully match regular expression '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'"));
            }
            if (name.isPresent() && !names.add(name.get())) {
                found.add(new Violation(list, "Port names must be unique."));
            }
        }
    }

    private static void unreachable(List<Violation> found, String at, AppDefinition.UnreachableStrategy strategy) {
        if (strategy.disabled()) {
            return;
        }
        atLeast(found, at + "/unreachableStrategy/inactiveAfterSeconds", seconds(strategy.inactiveAfter()), 0);
        atLeast(found, at + "/unreachableStrategy/expungeAfterSeconds", seconds(strategy.expungeAfter()), 0);
        if (strategy.inactiveAfter().compareTo(strategy.expungeAfter()) > 0) {
            found.add(new Violation(
                    at + "/unreachableStrategy", "inactiveAfterSeconds must be less or equal to expungeAfterSeconds"));
        }
    }

    private static void singleInstance(List<Violation> found, AppDefinition app) {
        if (!"true".equals(app.labels().get("MARATHON_SINGLE_INSTANCE_APP"))) {
            return;
        }
        if (app.instances() > 1) {
            found.add(new Violation("/instances", "Single instance app may only have one instance"));
        }
        if (app.upgrade().minimumHealthCapacity() != 0 || app.upgrade().maximumOverCapacity() != 0) {
            found.add(
                    new Violation(
                            "/upgradeStrategy",
                            "Single instance app must have upgradeStrategy minimumHealthCapacity and maximumOverCapacity of 0"));
        }
    }

    private static void share(List<Violation> found, String path, double value) {
        if (value > 1) {
            found.add(new Violation(path, "is greater than 1"));
        } else if (!(value >= 0)) {
            found.add(new Violation(path, "is less than 0"));
        }
    }

    static void atLeast(List<Violation> found, String path, double value, int least) {
        if (value > MAX_AMOUNT) {
            found.add(new Violation(path, "is too large (expected: " + (long) MAX_AMOUNT + " or less)"));
        } else if (!(value >= least)) {
            String shown = value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
            found.add(new Violation(path, "got " + shown + ", expected " + least + " or more"));
        }
    }

    static double seconds(Duration duration) {
        return duration.toMillis() / 1000.0;
    }
}
