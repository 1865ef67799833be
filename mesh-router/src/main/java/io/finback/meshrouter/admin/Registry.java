package io.finback.meshrouter.admin;

import io.finback.meshrouter.linkerd.Plan.RouterPlan;
import io.finback.meshrouter.router.RunningRouter;
import java.lang.management.ManagementFactory;
import java.lang.management.RuntimeMXBean;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What this process is made of, as {@code /admin/registry.json}: a tree below {@code registry}, as TwitterServer's; its keys are ours. */
final class Registry {
    private Registry() {}

    static Map<String, Object> show(AdminParts parts) {
        Map<String, Object> routers = new LinkedHashMap<>();
        for (int i = 0; i < parts.routers().size(); i++) {
            RunningRouter running = parts.routers().get(i);
            routers.put(running.label(), router(parts.plan().routers().get(i), running));
        }
        RuntimeMXBean runtime = ManagementFactory.getRuntimeMXBean();
        Map<String, Object> jvm = new LinkedHashMap<>();
        jvm.put("version", runtime.getVmName() + " " + runtime.getVmVersion());
        jvm.put(
                "arguments",
                runtime.getInputArguments().stream().map(Registry::withoutValue).toList());
        jvm.put("processors", Runtime.getRuntime().availableProcessors());
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("routers", routers);
        out.put(
                "namers",
                parts.namers().stream().map(namer -> namer.prefix().show()).toList());
        out.put("jvm", jvm);
        return Map.of("registry", out);
    }

    private static Map<String, Object> router(RouterPlan plan, RunningRouter running) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("protocol", plan.protocol().text());
        out.put("dtab", running.router().spec().dtab().show());
        out.put("interpreter", plan.interpreter().kind());
        out.put(
                "identifiers",
                running.router().spec().identifiers().stream()
                        .map(identifier -> identifier.expectation())
                        .toList());
        out.put("binding_timeout_ms", plan.bindingTimeout().toMillis());
        out.put(
                "binding_cache",
                Map.of("paths", plan.limits().paths(), "clients", plan.limits().clients()));
        List<Map<String, Object>> servers = running.servers().stream()
                .map(server -> Map.<String, Object>of("ip", server.ip(), "port", server.port()))
                .toList();
        out.put("servers", servers);
        return out;
    }

    /** System properties may be secrets. */
    private static String withoutValue(String argument) {
        int equals = argument.indexOf('=');
        return argument.startsWith("-D") && equals > 0 ? argument.substring(0, equals) + "=…" : argument;
    }
}
