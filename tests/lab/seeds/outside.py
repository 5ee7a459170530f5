"""The distribution before rtech with one invalidation, and its certificate, imported as it ends in 200 days.

ministack completes invalidations at once; AWS takes minutes.
"""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

DOMAIN = "www.rtech.example.com"


def seed(client):
    cloudfront = client("cloudfront")
    if not cloudfront.list_distributions()["DistributionList"].get("Items"):
        invalidate(cloudfront, create(cloudfront))
    certificate, key = self_signed()
    client("acm").import_certificate(Certificate=certificate, PrivateKey=key)


def create(cloudfront):
    behaviour = {
        "TargetOriginId": "rtech-alb",
        "ViewerProtocolPolicy": "redirect-to-https",
        "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
    }
    origin = {
        "Id": "rtech-alb",
        "DomainName": "origin.rtech.example.com",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
    }
    made = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": "lab",
            "Comment": "rtech",
            "Enabled": True,
            "Aliases": {"Quantity": 1, "Items": [DOMAIN]},
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": behaviour,
        }
    )
    return made["Distribution"]["Id"]


def invalidate(cloudfront, distribution):
    paths = {"Quantity": 2, "Items": ["/index.html", "/blog/*"]}
    batch = {"Paths": paths, "CallerReference": "lab"}
    cloudfront.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)


def self_signed():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, DOMAIN)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=200))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(DOMAIN)]), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    return certificate.public_bytes(pem), private
