"""Classifies a folder's images with one shipped file, knowing the JSON beside it and nothing of ours.

python independent_reader.py MODEL.tflite PATH… : one JSON list of probabilities per image, in one line.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pywt
from ai_edge_litert.interpreter import Interpreter
from PIL import Image


def main() -> None:
    model = Path(sys.argv[1])
    say = json.loads(model.with_suffix(".json").read_text())
    interpreter = Interpreter(str(model))
    interpreter.allocate_tensors()
    takes, gives = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    images = say["images"]
    dwt = images["dwt"]
    assert (images["jpeg_quality"], images["scale"], dwt["subbands"]) == (0, "unit", ["LL"]), "written for this study"
    sides = images["size"] if isinstance(images["size"], list) else [images["size"]] * 2
    for path in sys.argv[2:]:
        with Image.open(path) as picture:
            colours = "L" if images["color"] == "grayscale" else "RGB"
            shaped = picture.convert(colours).resize((sides[1], sides[0]), Image.Resampling[images["resample"].upper()])
        values = np.asarray(shaped, dtype=np.float32) / say["largest_value"]
        for _ in range(dwt["level"]):
            values = pywt.dwt2(values, dwt["wavelet"], mode="periodization")[0] / 2
        interpreter.set_tensor(takes["index"], values.astype(np.float32)[None, :, :, None])
        interpreter.invoke()
        found = interpreter.get_tensor(gives["index"])[0].astype(float)
        both = [1 - found[0], found[0]] if say["output_kind"] == "sigmoid" else found.tolist()
        print(json.dumps(both))


if __name__ == "__main__":
    main()
