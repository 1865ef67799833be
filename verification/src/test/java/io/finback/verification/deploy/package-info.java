/** What k8s/ holds, checked: manifests and compose file against typed models and this build's own settings, images in a real engine. */
@org.jspecify.annotations.NullMarked
package io.finback.verification.deploy;
