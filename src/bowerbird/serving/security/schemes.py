"""Keys in the OpenAPI document: what each route needs, as the same table says that the gate reads."""

from typing import Any

from bowerbird.serving.security.needs import need

SCHEME = "key"
ABOUT = "An API key of `bowerbird keys create`. Of the scopes read, write and operate none includes another."


def secured(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the scheme, and on each operation the scope that it needs.

    >>> document = {"paths": {"/v1/items/{item}": {"get": {}}, "/healthz": {"get": {}}}}
    >>> [operation["get"]["security"] for operation in secured(document)["paths"].values()]
    [[{'key': ['read']}], []]
    """
    scheme = {"type": "http", "scheme": "bearer", "description": ABOUT}
    document.setdefault("components", {}).setdefault("securitySchemes", {})[SCHEME] = scheme
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            wanted = need(method.upper(), path)
            operation["security"] = [{SCHEME: sorted(wanted)}] if wanted else []
    return document
