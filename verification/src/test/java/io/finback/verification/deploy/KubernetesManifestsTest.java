package io.finback.verification.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRule;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.rbac.Subject;
import io.finback.settings.ClusterSettings;
import io.finback.settings.DiscoverySettings;
import io.finback.settings.NodeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * k8s/: every object is one the API knows, field by field, and the objects fit each other and this build's settings. Overlays are
 * looked at as {@code kubectl kustomize} renders them; without kubectl only the base's own files are.
 */
class KubernetesManifestsTest {
    /** Not in the tree: whoever installs makes it (components/artery-tls). */
    private static final String OUTSIDE_SECRET = "finback-artery-tls";

    private static final int ARTERY = 25520;

    /** A workload, whatever its kind. */
    private record Workload(
            String name, LabelSelector selector, PodTemplateSpec template, List<PersistentVolumeClaim> claims) {
        Container container() {
            assertThat(template.getSpec().getContainers()).hasSize(1);
            return template.getSpec().getContainers().get(0);
        }

        boolean matches(Map<String, String> labels) {
            return template.getMetadata().getLabels().entrySet().containsAll(labels.entrySet());
        }
    }

    @Test
    void everyFileOfTheBaseIsWhatTheApiKnows() throws Exception {
        try (Stream<Path> files = Files.list(Tree.k8s().resolve("base"))) {
            for (Path file :
                    files.filter(path -> !path.endsWith("kustomization.yaml")).toList()) {
                assertThat(Manifests.read(Files.readString(file)))
                        .as(file.toString())
                        .isNotEmpty();
            }
        }
    }

    @Test
    void anUnknownFieldIsAnError() {
        assertThatThrownBy(
                        () -> Manifests.read("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {prots: []}}"))
                .hasMessageContaining("prots");
    }

    @ParameterizedTest
    @ValueSource(strings = {"small", "production", "host-agents"})
    void anOverlayIsWholeAndFitsItself(String overlay) throws Exception {
        List<HasMetadata> objects = rendered(overlay);
        List<Workload> workloads = workloads(objects);
        assertThat(workloads)
                .extracting(Workload::name)
                .containsExactlyInAnyOrder("finback-master", "finback-agent", "finback-router");
        assertThat(objects)
                .extracting(o -> o.getKind() + "/" + o.getMetadata().getName())
                .doesNotHaveDuplicates();
        for (Workload workload : workloads) {
            assertThat(workload.matches(workload.selector().getMatchLabels()))
                    .as(workload.name() + " selects its own pods")
                    .isTrue();
            volumesFit(objects, workload);
            probesAskTheNode(workload);
        }
        for (HasMetadata object : objects) {
            if (object instanceof Service service) {
                selects(
                        workloads,
                        service.getMetadata().getName(),
                        service.getSpec().getSelector());
                portsExist(workloads, service);
            } else if (object instanceof PodDisruptionBudget budget) {
                selects(
                        workloads,
                        budget.getMetadata().getName(),
                        budget.getSpec().getSelector().getMatchLabels());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"small", "production", "host-agents"})
    void everySettingExistsAndTheNodesWouldTakeThem(String overlay) throws Exception {
        List<HasMetadata> objects = rendered(overlay);
        for (Workload workload : workloads(objects)) {
            Map<String, String> environment = environment(objects, workload);
            assertThat(Tree.variables()).as(overlay + " " + workload.name()).containsAll(environment.keySet());
            environment.put("FINBACK_CLUSTER_HOST", "10.0.0.7");
            // Read by the master, from the secret's mount.
            environment.remove("FINBACK_PERSISTENCE_POSTGRES_PASSWORD_FILE");
            Config config = NodeConfig.of(List.of(), environment, List.of()).load();
            ClusterSettings cluster = ClusterSettings.from(config);
            boolean loneMaster = overlay.equals("small") && workload.name().equals("finback-master");
            assertThat(cluster.knowsMasters())
                    .as(overlay + " " + workload.name())
                    .isEqualTo(!loneMaster);
            if (cluster.discovery().used()) {
                assertThat(objects)
                        .as("the name that is asked for is a service's")
                        .anyMatch(object -> object instanceof Service service
                                && cluster.discovery()
                                        .service()
                                        .equals(service.getMetadata().getName() + "."
                                                + service.getMetadata().getNamespace() + ".svc.cluster.local")
                                && "None".equals(service.getSpec().getClusterIP())
                                && Boolean.TRUE.equals(service.getSpec().getPublishNotReadyAddresses()));
            }
        }
        StatefulSet masters = objects.stream()
                .filter(StatefulSet.class::isInstance)
                .map(StatefulSet.class::cast)
                .findFirst()
                .orElseThrow();
        assertThat(masters.getSpec().getReplicas())
                .isEqualTo(Integer.valueOf(
                        configMaps(objects, "finback-common").get("FINBACK_CLUSTER_DISCOVERY_CONTACT_POINTS")));
    }

    /** components/kubernetes-api, as its comment says to use it: every node may list pods, and looks for masters by what they are labelled. */
    @Test
    void mastersAreFoundByTheKubernetesApiWhereThatComponentIsAdded(@TempDir Path folder) throws Exception {
        List<HasMetadata> objects = rendered(folder, "../../components/kubernetes-api");
        Role role = only(objects, Role.class);
        assertThat(role.getRules()).singleElement().satisfies(rule -> {
            assertThat(rule.getResources()).containsExactly("pods");
            assertThat(rule.getVerbs()).containsExactlyInAnyOrder("get", "list", "watch");
        });
        RoleBinding binding = only(objects, RoleBinding.class);
        assertThat(binding.getRoleRef().getName()).isEqualTo(role.getMetadata().getName());
        for (Workload workload : workloads(objects)) {
            assertThat(workload.template().getSpec().getAutomountServiceAccountToken())
                    .isTrue();
            assertThat(binding.getSubjects())
                    .extracting(Subject::getName)
                    .containsExactly(workload.template().getSpec().getServiceAccountName());
            Map<String, String> environment = environment(objects, workload);
            environment.put("FINBACK_CLUSTER_HOST", "10.0.0.7");
            environment.remove("FINBACK_PERSISTENCE_POSTGRES_PASSWORD_FILE");
            DiscoverySettings discovery = ClusterSettings.from(
                            NodeConfig.of(List.of(), environment, List.of()).load())
                    .discovery();
            assertThat(discovery.method()).isEqualTo(DiscoverySettings.Method.KUBERNETES_API);
            Map<String, String> labels = new HashMap<>();
            for (String label : String.format(discovery.podLabelSelector(), discovery.service())
                    .split(",", -1)) {
                labels.put(label.substring(0, label.indexOf('=')), label.substring(label.indexOf('=') + 1));
            }
            selects(workloads(objects), "the pods that are asked for", labels);
        }
    }

    /** Pods on the machine's own network come with its address, which no pod selector means. */
    @Test
    void agentsOnTheMachinesNetworkReachTheNodes() throws Exception {
        assertThat(rendered("host-agents").stream()
                        .filter(NetworkPolicy.class::isInstance)
                        .map(NetworkPolicy.class::cast)
                        .filter(policy -> policy.getSpec().getPodSelector().getMatchLabels() != null
                                && policy.getSpec()
                                        .getPodSelector()
                                        .getMatchLabels()
                                        .equals(Map.of("app.kubernetes.io/name", "finback")))
                        .flatMap(policy -> policy.getSpec().getIngress().stream())
                        .filter(rule -> rule.getFrom().stream().anyMatch(from -> from.getIpBlock() != null)))
                .singleElement()
                .satisfies(rule -> assertThat(rule.getPorts())
                        .extracting(port -> port.getPort().getIntVal())
                        .containsExactly(ARTERY));
    }

    @Test
    void onlyNodesReachArteryAndManagement() throws Exception {
        List<NetworkPolicy> policies = rendered("production").stream()
                .filter(NetworkPolicy.class::isInstance)
                .map(NetworkPolicy.class::cast)
                .toList();
        Set<Integer> closed = new HashSet<>();
        for (NetworkPolicy policy : policies) {
            assertThat(policy.getSpec().getPodSelector().getMatchLabels())
                    .containsEntry("app.kubernetes.io/name", "finback");
            for (NetworkPolicyIngressRule rule : policy.getSpec().getIngress()) {
                assertThat(rule.getPorts()).as("no rule opens every port").isNotEmpty();
                rule.getPorts().forEach(port -> {
                    int number = port.getPort().getIntVal();
                    if (number == ARTERY || number == 8558) {
                        closed.add(number);
                        assertThat(rule.getFrom()).hasSize(1);
                        assertThat(rule.getFrom().get(0).getNamespaceSelector()).isNull();
                        assertThat(rule.getFrom().get(0).getPodSelector().getMatchLabels())
                                .containsEntry("app.kubernetes.io/name", "finback");
                    }
                });
            }
        }
        assertThat(closed).containsExactlyInAnyOrder(ARTERY, 8558);
    }

    @Test
    void mastersAndRoutersAreNobody() throws Exception {
        for (Workload workload : workloads(rendered("production"))) {
            boolean agent = workload.name().equals("finback-agent");
            boolean root = !agent
                    && !Boolean.TRUE.equals(
                            workload.template().getSpec().getSecurityContext().getRunAsNonRoot());
            assertThat(root).as(workload.name()).isFalse();
            assertThat(Boolean.TRUE.equals(
                            workload.container().getSecurityContext().getPrivileged()))
                    .as(workload.name())
                    .isEqualTo(agent);
            assertThat(workload.container().getResources().getLimits())
                    .as("memory is limited, processors are not")
                    .containsOnlyKeys("memory");
            assertThat(workload.container().getResources().getRequests()).containsOnlyKeys("cpu", "memory");
        }
    }

    private static List<HasMetadata> rendered(String overlay) throws IOException, InterruptedException {
        if (!Tree.onPath("kubectl")) {
            String line = "SKIPPED: overlays of k8s/: kubectl is not installed; only the base's own files are checked";
            System.err.println(line);
            Assumptions.abort(line);
        }
        return Manifests.read(Manifests.render(Tree.k8s().resolve("overlays").resolve(overlay)));
    }

    /** The base with a component, in an overlay of its own beside those of the tree. */
    private static List<HasMetadata> rendered(Path folder, String component) throws Exception {
        Path k8s = folder.resolve("k8s");
        try (Stream<Path> files = Files.walk(Tree.k8s())) {
            for (Path file : files.toList()) {
                Files.copy(file, k8s.resolve(Tree.k8s().relativize(file).toString()));
            }
        }
        Path own = Files.createDirectories(k8s.resolve("overlays/own"));
        Files.writeString(
                own.resolve("kustomization.yaml"),
                "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: finback\nresources: [../../base]\n"
                        + "components: [" + component + "]\nsecretGenerator:\n  - name: finback-database\n"
                        + "    literals: [password=x]\n");
        if (!Tree.onPath("kubectl")) {
            Assumptions.abort("SKIPPED: kubectl is not installed");
        }
        return Manifests.read(Manifests.render(own));
    }

    private static <T> T only(List<HasMetadata> objects, Class<T> type) {
        return objects.stream()
                .filter(type::isInstance)
                .map(type::cast)
                .reduce((one, other) -> {
                    throw new AssertionError("several of " + type);
                })
                .orElseThrow();
    }

    private static List<Workload> workloads(List<HasMetadata> objects) {
        List<Workload> workloads = new ArrayList<>();
        for (HasMetadata object : objects) {
            if (object instanceof StatefulSet set) {
                workloads.add(new Workload(
                        set.getMetadata().getName(),
                        set.getSpec().getSelector(),
                        set.getSpec().getTemplate(),
                        Optional.ofNullable(set.getSpec().getVolumeClaimTemplates())
                                .orElse(List.of())));
            } else if (object instanceof DaemonSet set) {
                workloads.add(new Workload(
                        set.getMetadata().getName(),
                        set.getSpec().getSelector(),
                        set.getSpec().getTemplate(),
                        List.of()));
            }
        }
        return workloads;
    }

    private static void selects(List<Workload> workloads, String who, Map<String, String> labels) {
        assertThat(workloads.stream()
                        .filter(workload -> workload.matches(labels))
                        .count())
                .as(who + " selects one workload: " + labels)
                .isEqualTo(1);
    }

    private static void portsExist(List<Workload> workloads, Service service) {
        Workload workload = workloads.stream()
                .filter(each -> each.matches(service.getSpec().getSelector()))
                .findFirst()
                .orElseThrow();
        for (ServicePort port : service.getSpec().getPorts()) {
            assertThat(workload.container().getPorts())
                    .as(service.getMetadata().getName() + " " + port.getName())
                    .anyMatch(own -> own.getName().equals(port.getTargetPort().getStrVal())
                            && own.getContainerPort().equals(port.getPort()));
        }
    }

    private static void volumesFit(List<HasMetadata> objects, Workload workload) {
        Set<String> names = new HashSet<>();
        for (Volume volume : workload.template().getSpec().getVolumes()) {
            names.add(volume.getName());
            if (volume.getSecret() != null
                    && !volume.getSecret().getSecretName().equals(OUTSIDE_SECRET)) {
                exists(objects, Secret.class, volume.getSecret().getSecretName());
            }
            if (volume.getConfigMap() != null) {
                exists(objects, ConfigMap.class, volume.getConfigMap().getName());
            }
        }
        workload.claims().forEach(claim -> names.add(claim.getMetadata().getName()));
        assertThat(workload.container().getVolumeMounts())
                .extracting(VolumeMount::getName)
                .as(workload.name())
                .doesNotHaveDuplicates()
                .containsExactlyInAnyOrderElementsOf(names);
    }

    private static void exists(List<HasMetadata> objects, Class<?> type, String name) {
        assertThat(objects)
                .as(type.getSimpleName() + " " + name)
                .anyMatch(object -> type.isInstance(object)
                        && object.getMetadata().getName().equals(name));
    }

    private static void probesAskTheNode(Workload workload) {
        Container container = workload.container();
        asks(container, container.getReadinessProbe(), "/ready");
        asks(container, container.getLivenessProbe(), "/alive");
        asks(container, container.getStartupProbe(), "/alive");
    }

    private static void asks(Container container, Probe probe, String path) {
        assertThat(probe.getHttpGet().getPath()).isEqualTo(path);
        String name = probe.getHttpGet().getPort().getStrVal();
        Optional<ContainerPort> port = container.getPorts().stream()
                .filter(each -> each.getName().equals(name))
                .findFirst();
        assertThat(port.orElseThrow().getContainerPort()).isEqualTo(8558);
    }

    private static Map<String, String> environment(List<HasMetadata> objects, Workload workload) {
        Map<String, String> environment = new HashMap<>();
        for (EnvFromSource source : workload.container().getEnvFrom()) {
            environment.putAll(configMap(objects, source.getConfigMapRef().getName()));
        }
        for (EnvVar variable : workload.container().getEnv()) {
            environment.put(
                    variable.getName(), Optional.ofNullable(variable.getValue()).orElse(""));
        }
        return environment;
    }

    private static Map<String, String> configMap(List<HasMetadata> objects, String name) {
        return objects.stream()
                .filter(object -> object instanceof ConfigMap
                        && object.getMetadata().getName().equals(name))
                .map(object -> ((ConfigMap) object).getData())
                .findFirst()
                .orElseThrow(() -> new AssertionError("no ConfigMap " + name));
    }

    /** The generated one whose name begins so. */
    private static Map<String, String> configMaps(List<HasMetadata> objects, String prefix) {
        return objects.stream()
                .filter(object -> object instanceof ConfigMap
                        && object.getMetadata().getName().startsWith(prefix))
                .map(object -> ((ConfigMap) object).getData())
                .findFirst()
                .orElseThrow();
    }
}
