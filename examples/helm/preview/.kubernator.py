for branch in ("blue", "green"):
    ktor.helm.add_helm(
        chart="../charts/guestbook",
        name=f"preview-{branch}",
        namespace=ktor.namespace,
        values={"password": ktor.app.secret(f"{branch}-preview-password")},
    )
