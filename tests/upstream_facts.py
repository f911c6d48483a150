"""What the cards of `command` methods rely on upstream, read from checkouts and kept as facts.

    A2BENCH_UPSTREAM=FOLDER python -m tests.upstream_facts     # writes tests/data/upstream.json

FOLDER has one checkout a method, FOLDER/<method>, at the commit of its card. Only names and digests
are kept: flags that a script knows, keys of a configuration, that a file holds a text.
"""

import ast
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from a2bench.command_card import Patch

TABLE = Path(__file__).parent / "data" / "upstream.json"


@dataclass(frozen=True)
class Reliance:
    """What one card relies on.

    Attributes:
        scripts: step -> files whose argument parser reads its arguments.
        configs: file that a step writes -> upstream's own, which has the same keys.
        says: file -> texts in it (paths of weights, names of outputs, what a patch replaces).
        literals: script -> module-level assignments that a job replaces.
        other_keys: of configurations, that upstream's own leaves at their default (see `says`).
    """

    scripts: dict[str, list[str]] = field(default_factory=dict)
    configs: dict[str, str] = field(default_factory=dict)
    says: dict[str, list[str]] = field(default_factory=dict)
    literals: dict[str, list[str]] = field(default_factory=dict)
    other_keys: tuple[str, ...] = ()


_DWPOSE = {"dwpose/wholebody.py": ["checkpoints/yolox_l.onnx", "checkpoints/dw-ll_ucoco_384.onnx"]}
_CONTROLNEXT = "ControlNeXt-SVD-v2"
_UNIANIMATE_DIT = "examples/unianimate_wan/inference_unianimate_wan_480p.py"

RELIANCE: dict[str, Reliance] = {
    "animate_x_official": Reliance(
        scripts={"poses": ["process_data.py"], "inference": ["utils/config.py"]},
        configs={"job.yaml": "configs/Animate_X_infer.yaml"},
        says={
            **_DWPOSE,
            "configs/Animate_X_infer.yaml": [
                "checkpoints/animate-x_ckpt.pth",
                "checkpoints/open_clip_pytorch_model.bin",
                "checkpoints/v2-1_512-ema-pruned.ckpt",
            ],
            "utils/config.py": ["_BASE_RUN"],
            "animatex/inference_animate_x_entrance.py": [
                "_results_1col.mp4",
                "ref_pose.jpg",
                "_total_frame_num-1//(max_frames-1)",
            ],
            "process_data.py": ["frame_{count:04d}.jpg", "frame_{idx:04d}.jpg", '" wrong"'],
        },
    ),
    "unianimate": Reliance(
        scripts={"align": ["run_align_pose.py"], "inference": ["utils/config.py"]},
        configs={"job.yaml": "configs/UniAnimate_infer.yaml"},
        says={
            **_DWPOSE,
            "configs/UniAnimate_infer.yaml": [
                "checkpoints/unianimate_16f_32f_non_ema_223000.pth",
                "checkpoints/open_clip_pytorch_model.bin",
                "checkpoints/v2-1_512-ema-pruned.ckpt",
            ],
            "utils/config.py": ["_BASE_RUN"],
            "tools/modules/config.py": ["cfg.log_dir"],
            "run_align_pose.py": ["str(i).zfill(4) + '.jpg'", "ref_pose.jpg"],
            "tools/inferences/inference_unianimate_entrance.py": [
                "rank_{cfg.world_size:02d}",
                "save_video_multiple_conditions_not_gif_horizontal_3col",
            ],
        },
        other_keys=("log_dir",),
    ),
    "mimicmotion": Reliance(
        scripts={"inference": ["inference.py"]},
        configs={"job.yaml": "configs/test.yaml"},
        says={
            "mimicmotion/dwpose/dwpose_detector.py": [
                "models/DWPose/yolox_l.onnx",
                "models/DWPose/dw-ll_ucoco_384.onnx",
            ],
            "mimicmotion/dwpose/preprocess.py": ["int(vr.get_avg_fps() / 24)", "np.polyfit"],
            "mimicmotion/utils/loader.py": ['variant="fp16"', 'subfolder="feature_extractor"'],
            "inference.py": ["video_frames[vid_idx, 1:]"],
        },
    ),
    "controlnext_svd_v2": Reliance(
        scripts={"inference": [f"{_CONTROLNEXT}/run_controlnext.py"]},
        says={
            f"{_CONTROLNEXT}/dwpose/dwpose_detector.py": [
                "pretrained/DWPose/yolox_l.onnx",
                "pretrained/DWPose/dw-ll_ucoco_384.onnx",
            ],
            f"{_CONTROLNEXT}/run_controlnext.py": ["/output.mp4", "// args.sample_stride"],
            f"{_CONTROLNEXT}/utils/pre_process.py": [
                "np.concatenate([np.expand_dims(image_pose, 0), video_pose])"
            ],
        },
    ),
    "musepose": Reliance(
        scripts={"align": ["pose_align.py"], "inference": ["test_stage_2.py"]},
        configs={"job.yaml": "configs/test_stage_2.yaml"},
        says={
            "pose_align.py": [
                "cv2.destroyAllWindows()",
                "./pretrained_weights/dwpose/yolox_l_8x8_300e_coco.pth",
                "./pretrained_weights/dwpose/dw-ll_ucoco_384.pth",
            ],
            "test_stage_2.py": [
                "./output/video-{date_str}",
                "{ref_name}_{pose_name}_",
                "{m1}_{m2}.mp4",
            ],
        },
    ),
    "moore_animate_anyone": Reliance(
        scripts={"poses": ["tools/vid2pose.py"], "inference": ["scripts/pose2vid.py"]},
        configs={"job.yaml": "configs/prompts/animation.yaml"},
        says={
            "tools/vid2pose.py": ["_kps.mp4"],
            "scripts/pose2vid.py": [
                "output/{date_str}/",
                "{ref_name}_{pose_name}_",
                "repeat=args.L",
            ],
            "src/utils/util.py": ["torchvision.utils.make_grid"],
            "src/dwpose/wholebody.py": ["DWPose/yolox_l.onnx", "DWPose/dw-ll_ucoco_384.onnx"],
        },
    ),
    "moore_animate_anyone_given_pose": Reliance(
        scripts={"inference": ["scripts/pose2vid.py"]},
        configs={"job.yaml": "configs/prompts/animation.yaml"},
        says={
            "src/dwpose/__init__.py": [
                "detect_resolution=512",
                "detected_map = draw_pose(pose, H, W)",
                "Image.fromarray(detected_map)",
            ],
            "src/dwpose/util.py": ["stickwidth = 4", "canvas * 0.6"],
            "scripts/pose2vid.py": [
                "output/{date_str}/",
                "{ref_name}_{pose_name}_",
                "transforms.Resize((height, width))",
                "repeat=args.L",
            ],
            "src/utils/util.py": ["torchvision.utils.make_grid"],
        },
    ),
    "unianimate_given_pose": Reliance(
        scripts={"inference": ["utils/config.py"]},
        configs={"job.yaml": "configs/UniAnimate_infer.yaml"},
        says={
            "utils/config.py": ["_BASE_RUN"],
            "tools/modules/config.py": ["cfg.log_dir"],
            "run_align_pose.py": [
                "draw_pose(results_vis[i], H=768, W=512)",
                "str(i).zfill(4) + '.jpg'",
                "cv2.imwrite(img_path, dwpose_woface)",
                "ref_pose.jpg",
            ],
            "dwpose/util.py": ["stickwidth = 4", "canvas * 0.6", "colors = [[255, 0, 0]"],
            "tools/inferences/inference_unianimate_entrance.py": [
                "sorted(os.listdir(pose_file_path))",
                'ii_index != "ref_pose.jpg"',
                "rank_{cfg.world_size:02d}",
                "save_video_multiple_conditions_not_gif_horizontal_3col",
            ],
        },
        other_keys=("log_dir",),
    ),
    "musepose_given_pose": Reliance(
        scripts={"inference": ["test_stage_2.py"]},
        configs={"job.yaml": "configs/test_stage_2.yaml"},
        says={
            "pose_align.py": [
                "int(H_in*1024/W_in)",
                "cv2.cvtColor(output_transformed, cv2.COLOR_BGR2RGB)",
                "cv2.resize(output_transformed, (W1, H))",
                "ImageSequenceClip(result_pose_only, fps=fps)",
            ],
            "pose/script/util.py": [
                "def draw_bodypose(canvas, candidate, subset):",
                "smart_width(length)",
            ],
            "test_stage_2.py": [
                "./output/video-{date_str}",
                "{ref_name}_{pose_name}_",
                "{m1}_{m2}.mp4",
            ],
        },
    ),
    "magic_animate": Reliance(
        scripts={"inference": ["magicanimate/pipelines/animation.py"]},
        configs={"job.yaml": "configs/prompts/animation.yaml"},
        says={
            "magicanimate/pipelines/animation.py": [
                "samples/{config.savename}",
                "{savedir}/videos/{source_name}_{video_name}.mp4",
                "resize((size, size))",
            ],
            "magicanimate/utils/util.py": ["fps=25"],
        },
    ),
    "champ": Reliance(
        scripts={
            "bodies": ["scripts/data_processors/smpl/generate_smpls.py"],
            "transfer": ["scripts/data_processors/smpl/smpl_transfer.py"],
            "skeletons": ["scripts/data_processors/dwpose/generate_dwpose.py"],
            "inference": ["inference.py"],
        },
        configs={"job.yaml": "configs/inference/inference.yaml"},
        says={
            "inference.py": ["results/{cfg.exp_name}-{time_str}", "animation.mp4"],
            "docs/data_process.md": [
                "--smpls_group_path",
                "--smoothed_result_path",
                "scripts/data_processors/smpl/blend/smpl_rendering.blend",
            ],
            "utils/video_utils.py": ["fps=24"],
        },
    ),
    "fomm": Reliance(
        scripts={"inference": ["demo.py"]},
        says={
            "demo.py": ["resize(source_image, (256, 256))"],
            "config/taichi-256.yaml": ["num_kp"],
        },
    ),
    "mraa": Reliance(
        scripts={"inference": ["demo.py"]},
        says={
            "demo.py": ["import sys\n", "os.path.exists", "    from os import path"],
            "config/ted384.yaml": ["num_regions"],
        },
    ),
    "tps": Reliance(scripts={"inference": ["demo.py"]}, says={"config/ted-384.yaml": ["num_tps"]}),
    "lia": Reliance(
        scripts={"inference": ["run_demo.py"]},
        says={"run_demo.py": ["checkpoints/taichi.pt", "vid.max() - vid.min()"]},
    ),
    "unianimate_dit": Reliance(
        scripts={"align": ["run_align_pose.py"]},
        says={
            **_DWPOSE,
            "run_align_pose.py": ["str(i).zfill(4) + '.jpg'", "'pose.jpg'"],
            _UNIANIMATE_DIT: [
                "outputs/video_480P_{}_{}.mp4",
                "random.randint(0, _total_frame_num-cover_frame_num-1)",
                "./checkpoints/UniAnimate-Wan2.1-14B-Lora-12000.ckpt",
                "./Wan2.1-I2V-14B-720P/diffusion_pytorch_model-00007-of-00007.safetensors",
            ],
        },
        literals={_UNIANIMATE_DIT: ["test_list_path", "seed"]},
    ),
    "animate_x_plusplus": Reliance(
        scripts={
            "poses": ["process_data.py"],
            "inference": ["examples/inference_480p_usp.py"],
        },
        says={
            **_DWPOSE,
            "examples/inference_480p_usp.py": [
                "misc_size = [height,width]",
                "seed = 0\n",
                "caption[:30]",
                "image_compose_width(video_out_condition[ii], ss)",
            ],
        },
    ),
    "stable_animator": Reliance(
        scripts={
            "poses": ["DWPose/skeleton_extraction.py"],
            "inference": ["inference_basic.py"],
        },
        says={
            "inference_basic.py": ["seed = 23123134", '"animated_images"', "frame_{i}.png"],
            "DWPose/dwpose_utils/wholebody.py": [
                "checkpoints/DWPose/yolox_l.onnx",
                "checkpoints/DWPose/dw-ll_ucoco_384.onnx",
            ],
            "animation/modules/face_model.py": ["models/antelopev2/glintr100.onnx"],
        },
    ),
    "one_to_all": Reliance(
        says={
            "video-generation/inference_14b.py": [
                "    task_list_resolved = []\n",
                "manual_seed(42)",
                "{job_name}_ref_{ref_cfg}_pose_{pose_cfg}",
                "ref_{refname}_vid_{vidname}",
                "frame_{gidx:06d}.png",
            ],
            "video-generation/infer_preprocess.py": ['"pose.mp4"'],
            "video-generation/dwpose_utils/wholebody.py": [
                "../pretrained_models/DWPose/yolox_l.onnx",
                "../pretrained_models/DWPose/dw-ll_ucoco_384.onnx",
            ],
        },
        literals={
            "video-generation/infer_preprocess.py": ["task_list"],
            "video-generation/infer_utils.py": [
                "pose2d_checkpoint_path",
                "det_checkpoint_path",
            ],
            "video-generation/inference_14b.py": ["model_path", "vae_path", "ckpt_paths"],
        },
    ),
    "mtvcrafter": Reliance(
        scripts={"inference": ["infer_7b.py"]},
        says={
            "infer_7b.py": [
                'snapshot_download("yanboding/MTVCrafter")',
                "'THUDM/CogVideoX-5b'",
                "seed=6666",
                "pad=2",
                "random.randint(0, video_length - sample_length)",
            ],
            "process_nlf.py": ["nlf_l_multi.torchscript", "root + '_smpl'"],
        },
    ),
    "steady_dancer": Reliance(
        scripts={
            "align": ["preprocess/pose_align.py"],
            "disturb": ["preprocess/pose_align_withdiffaug.py"],
            "inference": ["generate_dancer.py"],
        },
        says={
            "preprocess/dump_video_images.py": ["{i:04d}.jpg", "sys.argv[2]"],
            "preprocess/pose_align_withdiffaug.py": ["_aug.mp4"],
            "wan/configs/__init__.py": ["'1024*576'"],
            "preprocess/pose_align.py": ["pretrained_weights/dwpose/yolox_l_8x8_300e_coco.pth"],
        },
    ),
    "scail": Reliance(
        configs={"sampling.yaml": "configs/sampling/wan_pose_14Bsc_xc_cli.yaml"},
        says={
            "sample_video.py": ["args.input_file", "args.output_dir", "'ref.png'", "rendered.mp4"],
            "configs/video_model/Wan2.1-i2v-14Bsc-pose-xc-latent.yaml": [
                "SCAIL-Preview/umt5-xxl",
                "SCAIL-Preview/Wan2.1_VAE.pth",
            ],
        },
        other_keys=("args.input_file", "args.output_dir"),
    ),
    "hyper_motion": Reliance(
        says={
            "scripts/inference_batch.py": [
                'os.environ["CUDA_VISIBLE_DEVICES"] = "0"\n',
                "case['control_file_path']",
                "case['file_path']",
                "case['frame_count']",
                "sample[:, :, 1:]",
            ]
        },
        literals={"scripts/inference_batch.py": ["json_path", "save_path", "model_name", "seed"]},
    ),
}


def flags_of(text: str) -> dict[str, dict[str, Any]]:
    """Return flag -> `value` (whether one follows), `required`, `choices` of a script's parser."""
    found = {}
    for call in _calls(ast.parse(text)):
        names = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
        words = {word.arg: word.value for word in call.keywords}
        action = words.get("action")
        required, choices = words.get("required"), words.get("choices")
        facts: dict[str, Any] = {
            "value": not (
                isinstance(action, ast.Constant) and str(action.value).startswith("store_")
            ),
        }
        if isinstance(required, ast.Constant) and required.value is True:
            facts["required"] = True
        if isinstance(choices, ast.List | ast.Tuple):
            facts["choices"] = [
                str(one.value) for one in choices.elts if isinstance(one, ast.Constant)
            ]
        for name in names:
            if isinstance(name, str) and name.startswith("-"):
                found[name] = facts
    return dict(sorted(found.items()))


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr == "add_argument":
            yield node


def keys_of(value: Any, path: str = "") -> set[str]:
    """Return the dotted keys of a configuration; those of all items of a list together."""
    if isinstance(value, list):
        return set().union(*(keys_of(one, path) for one in value))
    if not isinstance(value, dict):
        return set()
    found: set[str] = set()
    for key, below in value.items():
        name = f"{path}.{key}".lstrip(".")
        found |= {name} | keys_of(below, name)
    return found


def assignments_of(text: str) -> dict[str, int]:
    """Return how often a script assigns each name at its top level."""
    found: dict[str, int] = {}
    for node in ast.parse(text).body:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name):
                found[target.id] = found.get(target.id, 0) + 1
    return found


def facts_of(method: str, checkout: Path) -> dict[str, Any]:
    """Return what a checkout has of what a card relies on.

    Raises:
        ValueError: a text or an assignment is not there.
    """
    relies = RELIANCE[method]
    scripts = {name for names in relies.scripts.values() for name in names} | set(relies.literals)
    files = scripts | set(relies.configs.values()) | set(relies.says)
    read = {name: (checkout / name).read_bytes() for name in sorted(files)}
    for name, texts in relies.says.items():
        for text in texts:
            if text not in read[name].decode("utf-8", "replace"):
                raise ValueError(f"{method}: {name} does not say {text!r}")
    for name, assigned in relies.literals.items():
        counts = assignments_of(read[name].decode())
        for one in assigned:
            if counts.get(one) != 1:
                raise ValueError(f"{method}: {name} assigns {one} {counts.get(one, 0)} times")
    return {
        "sha256": {
            name: f"sha256:{hashlib.sha256(data).hexdigest()}" for name, data in read.items()
        },
        "flags": {
            name: flags_of(read[name].decode("utf-8", "replace")) for name in sorted(scripts)
        },
        "keys": {
            name: sorted(keys_of(yaml.safe_load(read[name])))
            for name in sorted(set(relies.configs.values()))
        },
    }


def patched_digests(patches: Sequence[Patch], checkout: Path) -> dict[str, str]:
    """Return file -> digest after a card's patches, of those it patches."""
    texts: dict[str, str] = {}
    for patch in patches:
        text = texts.get(patch.file) or (checkout / patch.file).read_text(encoding="utf-8")
        if text.count(patch.find) != 1:
            raise ValueError(
                f"{patch.file}: {patch.find!r} is there {text.count(patch.find)} times"
            )
        texts[patch.file] = text.replace(patch.find, patch.replace)
    return {
        name: f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" for name, text in texts.items()
    }


def main() -> None:
    """Write the table from the checkouts in $A2BENCH_UPSTREAM."""
    from a2bench import plugins

    folder = Path(os.environ["A2BENCH_UPSTREAM"])
    table = {}
    for method in sorted(RELIANCE):
        command = plugins.card(method).command
        assert command is not None
        source = {"url": command.source.url, "commit": command.source.commit}
        table[method] = source | facts_of(method, folder / method)
        table[method]["patched"] = patched_digests(command.patches, folder / method)
    TABLE.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{TABLE}: {len(table)} methods", file=sys.stderr)


if __name__ == "__main__":
    main()
