"""The images of rtech's revisions, in their registry."""

import json

TAGS = ("3f1c2a9", "8d04e77", "b61f5c2", "e58b013")
MANIFEST = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": []}


def seed(client):
    ecr = client("ecr")
    ecr.create_repository(repositoryName="rtech-app")
    for tag in TAGS:
        # moto takes images with the same manifest for one, and gives each the digest of nothing unless it is told one.
        digest = f"sha256:{tag * 10}"[:71]
        manifest = MANIFEST | {"config": {"digest": digest}}
        ecr.put_image(repositoryName="rtech-app", imageTag=tag, imageDigest=digest, imageManifest=json.dumps(manifest))
