"""A stand-in for an application that people use with a server: a client of OAuth, with a site of its own over TLS."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from mcp_notebook.course.local_site import LocalSite, SiteReply, SiteRequest

__all__ = ["ReadingApp"]

BACK = "http://127.0.0.1/back"
"""The address to which browsers return. The application would listen there; `Citizen` only hands the address over."""

TRUSTED = "SSL_CERT_FILE"
"""The environment variable with the file of trusted authorities."""


class ReadingApp(LocalSite):
    """An application, with the metadata document that describes it at an https URL of this machine.

    The certificate is from an authority that is made here. This process trusts it from then on, beside the others.

    Attributes:
        url: The URL of the document, which is the application's id.
        document: The document.
    """

    def __init__(self, asked: Callable[[], None] = lambda: None) -> None:
        """Start the site; `asked` is called whenever somebody reads the document."""
        self._asked = asked
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        authority, chain = _certificates(Path(self._folder.name))
        _trust(authority)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        super().__init__("reading-app", context)
        self.url = f"{self.url}/client.json"
        self.document: dict[str, Any] = {
            "client_id": self.url,
            "client_name": "Reading App",
            "redirect_uris": [BACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        }
        self.listen()

    def answer(self, request: SiteRequest) -> SiteReply:
        """Send the document."""
        self._asked()
        return SiteReply(self.document)

    def close(self) -> None:
        """Stop the site."""
        super().close()
        self._folder.cleanup()


def _trust(authority: Path) -> None:
    """Make this process trust an authority, in addition to those that it trusts."""
    paths = [os.environ.get(TRUSTED), ssl.get_default_verify_paths().cafile, _of_certifi()]
    known = next((Path(path).read_bytes() for path in paths if path and Path(path).is_file()), b"")
    authority.write_bytes(known + b"\n" + authority.read_bytes())
    os.environ[TRUSTED] = str(authority)


def _of_certifi() -> str | None:
    try:
        import certifi
    except ImportError:
        return None
    return certifi.where()


def _certificates(folder: Path) -> tuple[Path, Path]:
    """Make an authority, and a certificate of it for this machine; return the files."""
    from cryptography import x509  # a browser tab does not have it
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now = datetime.now(timezone.utc)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("an authority", "the app")]

    def made(of: int, *extensions: tuple[Any, bool]) -> bytes:
        builder = (
            x509.CertificateBuilder(names[0], names[of], keys[of].public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=7))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(keys[of].public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), critical=False)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(keys[0], hashes.SHA256()).public_bytes(pem)

    pem = serialization.Encoding.PEM
    allowed = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    may_sign = x509.KeyUsage(key_cert_sign=True, crl_sign=True, **allowed)
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    key = keys[1].private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    authority, chain = folder / "authority.pem", folder / "chain.pem"
    authority.write_bytes(made(0, (x509.BasicConstraints(ca=True, path_length=0), True), (may_sign, True)))
    chain.write_bytes(made(1, (here, False)) + key)
    return authority, chain
